"""GraphQL over WebSocket, subprotocol graphql-transport-ws: queries, mutations and subscriptions over one socket.

`messages` reads and writes, `machine` decides (it is the protocol, and does nothing), `socket` does what the machine
says, `endpoint` holds all sockets, `frames` is the layer below: WebSocket itself.
"""

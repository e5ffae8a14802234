// The chat server: pushes a message into its author's document and, once that is saved, sends it to all other sockets.
import { createServer } from 'node:http'
import express from 'express'
import jwt from 'jsonwebtoken'
import { Server } from 'socket.io'
import { User, connect } from './user.js'

const { ACCESS_TOKEN_SECRET, PORT } = process.env
const app = express()
const server = createServer(app)
const io = new Server(server)

app.get('/', (request, response) => {
  try {
    jwt.verify(request.query.jwt, ACCESS_TOKEN_SECRET)
    response.send('<!doctype html><ul id="messages"></ul>')
  } catch {
    response.sendStatus(401)
  }
})

io.use((socket, next) => {
  try {
    socket.data.userID = jwt.verify(socket.handshake.query.jwt, ACCESS_TOKEN_SECRET).userID
    next()
  } catch (error) {
    next(error)
  }
})

io.on('connection', (socket) => {
  const { userID } = socket.data
  socket.broadcast.emit('new user', userID)
  socket.on('chat message', async (message) => {
    await User.updateOne({ userID }, { $push: { messages: { message } } })
    socket.broadcast.emit('chat message', `${userID} : ${message}`)
  })
  socket.on('disconnect', () => io.emit('user left', userID))
})

await connect()
server.listen(PORT, '127.0.0.1')

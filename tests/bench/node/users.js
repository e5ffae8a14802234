// node users.js COUNT: creates the users u0, u1 … and prints the URL of a socket for each.
import jwt from 'jsonwebtoken'
import mongoose from 'mongoose'
import { User, connect } from './user.js'

const { ACCESS_TOKEN_SECRET, PORT } = process.env
const users = Array.from({ length: Number(process.argv[2]) }, (_, n) => ({
  userID: `u${n}`,
  name: `User ${n}`,
  email: `u${n}@example.org`,
  phone: '112',
  password: 'nobody logs in',
}))

await connect()
await User.init()
await User.insertMany(users)
await mongoose.disconnect()
for (const { userID } of users) {
  const token = jwt.sign({ userID }, ACCESS_TOKEN_SECRET, { expiresIn: '1h' })
  console.log(`ws://127.0.0.1:${PORT}/socket.io/?EIO=4&transport=websocket&jwt=${token}`)
}

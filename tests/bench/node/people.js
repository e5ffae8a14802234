// node people.js COUNT: makes the users u0, u1 … and prints the address of a socket for each.
import jwt from 'jsonwebtoken'
import mongoose from 'mongoose'
import { User, connect } from './user.js'

const { ACCESS_TOKEN_SECRET, PORT } = process.env
const people = Array.from({ length: Number(process.argv[2]) }, (_, n) => ({
  userID: `u${n}`,
  name: `User ${n}`,
  email: `u${n}@example.org`,
  phone: '112',
  password: 'nobody logs in',
}))

await connect()
await User.init()
await User.insertMany(people)
await mongoose.disconnect()
for (const { userID } of people) {
  const token = jwt.sign({ userID }, ACCESS_TOKEN_SECRET, { expiresIn: '1h' })
  console.log(`ws://127.0.0.1:${PORT}/socket.io/?EIO=4&transport=websocket&jwt=${token}`)
}

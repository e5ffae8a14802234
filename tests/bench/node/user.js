// A user. The document contains all messages of the user.
import mongoose from 'mongoose'

const schema = new mongoose.Schema({
  userID: { type: String, index: true }, // without the index each message would search all users
  name: String,
  email: String,
  phone: String,
  password: String,
  messages: [{ message: String, sentTime: { type: Date, default: Date.now } }],
})

export const User = mongoose.model('User', schema)

export const connect = () => mongoose.connect(process.env.MONGO_URL)

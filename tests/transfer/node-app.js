// Writes node-app.jsonl: a database that the Node application itself filled. Needed only to write that file again:
//   with the Node application (not its stand-in in tests/bench/node) in app; (cd app; npm install); mongod …
//   with MONGO_URL, ACCESS_TOKEN_SECRET and USERS_PORT, AUTH_PORT, CHAT_PORT set, in app:
//   node index.js & node authServer.js & node chatServer.js &
//   NODE_PATH=app/node_modules node node-app.js >node-app.jsonl
// Users sign up by POST /users, log in by POST /login, and send messages by Socket.IO, all through its own code.
const { io } = require('socket.io-client'), { MongoClient } = require('mongodb'), { EJSON } = require('bson')

const server = (port) => 'http://127.0.0.1:' + process.env[port]
const post = async (url, body) => {
  const headers = { 'Content-Type': 'application/json' }
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).json()
}
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const people = [
  { userID: 'ada', name: 'Ada Lovelace', email: 'ada@example.org', phone: '+44 20 7946 0001', password: "ada's long secret" },
  { userID: 'bob', name: 'Bob', email: 'bob@example.org', phone: '112', password: "bob's long secret" },
  // accepted by the application: a userID that exists, one that differs only in case, and invalid fields
  { userID: 'bob', name: 'Bob again', email: 'bob@example.org', phone: '113', password: 'another one of bob' },
  { userID: 'ADA', name: 'Another Ada', email: 'ADA@example.org', phone: '', password: "ADA's long secret" },
  { userID: 'jürgen müller', name: 'Jürgen\u0007 Müller', email: 'nonsense', phone: '030/123.45', password: "jürgen's long secret" },
  { userID: 'x', password: "x's long secret" },
]
const said = [
  ['ada', 'Hello, is anybody here?'],
  ['bob', 'I am, twice'],
  ['ada', 'The engine weaves patterns.'],
  ['ADA', 'I am another Ada'],
  ['jürgen müller', 'Grüße 👋 <b>ä</b>'],
  ['bob', ''],
  ['x', 'x'.repeat(3000) + ' ' + 'y'.repeat(3000)],
  ['ada', 'two\nlines'],
  ['bob', 'two\nlines'],
]

const main = async () => {
  const sockets = {}
  for (const person of people) await post(server('USERS_PORT') + '/users', person)
  for (const { userID, password } of people.filter((_, i) => i !== 2)) {
    const { jwtToken } = await post(server('AUTH_PORT') + '/login', { userID, password })
    const socket = io(server('CHAT_PORT'), { query: { jwt: jwtToken }, transports: ['websocket'] })
    sockets[userID] = socket
    await new Promise((resolve, reject) => socket.on('connect', resolve).on('connect_error', reject))
  }
  for (const [who, what] of said) {
    sockets[who].emit('chat message', what)
    await wait(30)
  }
  await wait(500)
  const client = new MongoClient(process.env.MONGO_URL)
  const users = client.db().collection('users').find().sort({ _id: 1 })
  for await (const user of users) console.log(EJSON.stringify(user, { relaxed: false }))
  process.exit(0)
}
main()

// Prints what happens, as a bot would learn of it: node event_consumer.mjs URL [PATTERN].
// docs/replication.md shows these lines.
import { connect } from 'amqplib';

const [url, pattern = '#'] = process.argv.slice(2);
const channel = await (await connect(url)).createChannel();
await channel.assertExchange('verbatim.events', 'topic', { durable: true });
const { queue } = await channel.assertQueue('', { exclusive: true });
await channel.bindQueue(queue, 'verbatim.events', pattern);
let seen = 0;
await channel.consume(queue, ({ content, fields }) => {
  const event = JSON.parse(content);
  if (event.position <= seen) return; // said again after a reconnect
  seen = event.position;
  console.log(JSON.stringify({ key: fields.routingKey, event }));
}, { noAck: true });
console.error('consuming');

// What a test does with a durable queue of a broker, as a stranger's program would:
//   node broker_queue.mjs URL bind QUEUE EXCHANGE TYPE  makes the queue, and has the exchange fill it
//   node broker_queue.mjs URL wait QUEUE COUNT          until so many messages wait in it
//   node broker_queue.mjs URL drain QUEUE               takes and acknowledges all that wait
//   node broker_queue.mjs URL keep QUEUE TEXT           publishes the text to be kept on disk
import { connect } from 'amqplib';

const [url, what, queue, ...more] = process.argv.slice(2);
const connection = await connect(url);
const channel = await connection.createConfirmChannel();
await channel.assertQueue(queue, { durable: true });
const work = {
  async bind() {
    const [exchange, type] = more;
    await channel.assertExchange(exchange, type, { durable: true });
    await channel.bindQueue(queue, exchange, '#');
  },
  async wait() {
    while ((await channel.checkQueue(queue)).messageCount < Number(more[0]))
      await new Promise((resolve) => { setTimeout(resolve, 20); });
  },
  async drain() {
    for (let message = await channel.get(queue); message; message = await channel.get(queue))
      channel.ack(message);
  },
  async keep() {
    channel.sendToQueue(queue, Buffer.from(more[0]), { persistent: true });
    await channel.waitForConfirms();
  },
};
await work[what]();
await connection.close();

import { connect } from 'node:net';
import { once } from 'node:events';

/** Sends bytes over a socket and returns what comes back until the server closes, or until `ms` have gone by. */
export async function overSocket(port: number, bytes: string, ms = 2_000): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(bytes);
  let received = '';
  socket.on('data', (data) => (received += data.toString()));
  await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, ms))]);
  socket.destroy();
  return received;
}

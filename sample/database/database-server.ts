import { EmbeddedServer } from './embedded-server.js';

/** The PostgreSQL in use: the one of DATABASE_URL, else an embedded one. */
export class DatabaseServer {
  private constructor(
    readonly connectionString: string,
    /** For people to read; holds no password. */
    readonly description: string,
    private readonly embedded?: EmbeddedServer,
  ) {}

  static async open(databaseUrl?: string): Promise<DatabaseServer> {
    if (databaseUrl) return new DatabaseServer(databaseUrl, 'PostgreSQL of DATABASE_URL');
    const server = await EmbeddedServer.open();
    const description = `embedded PostgreSQL, its data in ${server.folder}`;
    return new DatabaseServer(server.connectionString, description, server);
  }

  async close(): Promise<void> {
    await this.embedded?.close();
  }
}

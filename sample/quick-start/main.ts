import { randomUUID } from 'node:crypto';
import { Controller, Delete, Get, Module, NotFoundException, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { PostgresSessionModule, PostgresSessionStore } from 'nestjs-postgres-session';

const HALF_AN_HOUR = 30 * 60_000;

@Controller()
class SessionsController {
  constructor(private readonly sessions: PostgresSessionStore) {}

  @Post('users/:user/sessions')
  async signIn(@Param('user') user: string): Promise<string> {
    const id = randomUUID();
    await this.sessions.set(id, JSON.stringify({ user }), { ttl: HALF_AN_HOUR, owner: user });
    return id;
  }

  @Get('sessions/:id')
  async read(@Param('id') id: string): Promise<string> {
    const session = await this.sessions.get(id);
    if (session === undefined) throw new NotFoundException();
    return session.toString();
  }

  @Delete('users/:user/sessions')
  signOutEverywhere(@Param('user') user: string): Promise<number> {
    return this.sessions.deleteOwner(user);
  }
}

@Module({
  imports: [
    ScheduleModule.forRoot(),
    PostgresSessionModule.forRoot({ connection: process.env.DATABASE_URL }),
  ],
  controllers: [SessionsController],
})
class AppModule {}

const app = await NestFactory.create(AppModule);
// A SIGTERM then ends the store in order.
app.enableShutdownHooks();
await app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
console.log(`Listening at ${await app.getUrl()}`);

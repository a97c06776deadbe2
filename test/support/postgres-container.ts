import { setTimeout as delay } from 'node:timers/promises';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { getContainerRuntimeClient, ImageName, type ContainerRuntimeClient } from 'testcontainers';
import type { ProvidedDatabase } from './database-choice.js';

const ANSWER_TIMEOUT = 5_000;
const PULL_TIMEOUT = 90_000;
const START_TIMEOUT = 60_000;

/** PostgreSQL in a container; undefined where there is no Docker, or none that has the image. */
export async function startContainer(version: number): Promise<ProvidedDatabase | undefined> {
  const docker = await findDocker();
  if (!docker) return undefined;
  const image = `postgres:${version}-alpine`;
  try {
    await ensureImage(docker, ImageName.fromString(image));
    const container = await within(
      START_TIMEOUT,
      new PostgreSqlContainer(image).withCommand(['postgres', '-c', 'max_connections=300']).start(),
    );
    return {
      connectionString: container.getConnectionUri(),
      source: `a container of ${image}`,
      release: async () => void (await container.stop()),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.log(`\nDocker answers but cannot run ${image} (${reason}): going on without it`);
    return undefined;
  }
}

function findDocker(): Promise<ContainerRuntimeClient | undefined> {
  return within(ANSWER_TIMEOUT, getContainerRuntimeClient()).catch(() => undefined);
}

async function ensureImage(docker: ContainerRuntimeClient, image: ImageName): Promise<void> {
  await within(PULL_TIMEOUT, docker.image.pull(image));
  // The stream of a pull ends alike when the registry had nothing.
  if (!(await docker.image.exists(image))) throw new Error('no such image');
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const timeout = delay(milliseconds, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`no answer within ${milliseconds} ms`);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    timer.abort();
    timeout.catch(() => undefined);
  }
}

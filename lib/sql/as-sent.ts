import type { CustomTypesConfig } from 'pg';

/** For queries of ours whose rows the driver reads: text as the server sent it, whatever parsers the application has set. */
export const AS_SENT: CustomTypesConfig = { getTypeParser: () => String };

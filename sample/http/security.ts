import type { NestExpressApplication } from '@nestjs/platform-express';

/** What a browser may do with our pages, and which posts from other sites are refused. */
export function secure(app: NestExpressApplication): void {
  app.useSecurityHeaders({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: "'none'",
        styleSrc: "'self'",
        imgSrc: "'self'",
        formAction: "'self'",
        baseUri: "'none'",
        frameAncestors: "'none'",
      },
    },
    // With the default, `no-referrer`, browsers send `Origin: null` even to ourselves.
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
  // By Sec-Fetch-Site, and by Origin where a browser does not send it. The tokens in our forms
  // (see csrf/) protect where neither comes.
  app.enableCsrfProtection();
}

import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { readSessionId } from './sessions/session-cookie.js';
import { homePage } from './views/home.page.js';

@Controller()
export class HomeController {
  @Get()
  home(
    @Req() request: Request,
    @Res() response: Response,
    @Query('notice') notice?: unknown,
  ): void {
    if (readSessionId(request)) response.redirect(303, '/sessions');
    else response.send(String(homePage(notice)));
  }
}

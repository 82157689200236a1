import { z } from "zod";
import {
  alert,
  alertAcknowledgement,
  alertCondition,
  alertPage,
  alertPreview,
  alertQuery,
  alertRule,
  alertRuleDeclaration,
  alertRuleList,
  alertRuleName,
} from "../../contract/alerts.ts";
import { authenticated, router } from "../trpc.ts";

const TAG = ["Alerts"];

// Alerts belong to what they are about. Rules are the installation's.
export const alerts = router({
  list: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/alerts",
        tags: TAG,
        summary: "List alerts, newest first",
        description:
          "Of the consumers and topics that the caller may read. `new`: nobody has seen it yet. `acknowledged`: somebody has. `over`: its measure was well under its bound for a minute, its rule has changed, or what it was about is gone. Each change of state is an event of the topic `millrace.alerts`, too.",
      },
    })
    .input(alertQuery)
    .output(alertPage)
    .query(({ ctx, input }) => ctx.services.listAlerts({ ...input, may: ctx.can })),

  acknowledge: authenticated
    .meta({
      openapi: {
        method: "POST",
        path: "/alerts/{id}/acknowledge",
        tags: TAG,
        summary: "Acknowledge an alert",
        description:
          "Says that somebody has seen it and looks after it. One that is acknowledged or over already stays as it is. Takes `operate` on what it is about.",
      },
    })
    .input(alertAcknowledgement.extend({ id: z.uuid() }))
    .output(alert)
    .mutation(({ ctx, input: { id, note } }) => {
      const { actor, can, require } = ctx;
      return ctx.services.acknowledgeAlert({ id, actor, may: can, require, ...(note !== undefined && { note }) });
    }),

  rules: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/alert-rules",
        tags: TAG,
        summary: "List the alert rules",
        description: "Takes `read *`.",
      },
    })
    .output(alertRuleList)
    .query(async ({ ctx }) => {
      ctx.require("read", "installation");
      return { rules: await ctx.services.listAlertRules() };
    }),

  putRule: authenticated
    .meta({
      openapi: {
        method: "PUT",
        path: "/alert-rules/{rule}",
        tags: TAG,
        summary: "Create or change an alert rule",
        description:
          "The whole rule: 201 when it is new, 200 when it was there. An alert begins when the measure of a consumer or a topic was above the bound for so many seconds. Alerts that the rule would not make any more are over at the next sample, within ten seconds. Takes `operate *`.",
      },
    })
    .input(alertRuleDeclaration.extend({ rule: alertRuleName }))
    .output(alertRule)
    .mutation(async ({ ctx, input }) => {
      ctx.require("operate", "installation");
      const { rule: name, ...declaration } = input;
      const { rule, created } = await ctx.services.putAlertRule({ name, declaration, actor: ctx.actor });
      if (created) ctx.answer.status = 201;
      return rule;
    }),

  deleteRule: authenticated
    .meta({
      openapi: {
        method: "DELETE",
        path: "/alert-rules/{rule}",
        tags: TAG,
        summary: "Delete an alert rule",
        description: "Its alerts are over at the next sample. Takes `operate *`.",
      },
    })
    .input(z.strictObject({ rule: alertRuleName }))
    .output(z.strictObject({ deleted: alertRuleName }))
    .mutation(async ({ ctx, input }) => {
      ctx.require("operate", "installation");
      await ctx.services.deleteAlertRule({ name: input.rule, actor: ctx.actor });
      return { deleted: input.rule };
    }),

  preview: authenticated
    .meta({
      openapi: {
        method: "POST",
        path: "/alert-rules/preview",
        tags: TAG,
        summary: "Try an alert rule on the last 24 hours",
        description:
          "The alerts that it would have made, decided on the same samples by the same function that decides now. Changes nothing. Takes `read *`.",
      },
    })
    .input(alertCondition)
    .output(alertPreview)
    .mutation(({ ctx, input }) => {
      ctx.require("read", "installation");
      return ctx.services.previewAlertRule({ condition: input, may: ctx.can });
    }),
});

import { z } from "zod";
import {
  personList,
  personRow,
  role,
  roleDeclaration,
  roleList,
  roleName,
  rolesRequest,
} from "../../contract/access.ts";
import { authenticated, router } from "../trpc.ts";

const TAG = ["Roles"];

// Roles and people are the installation's: they take `administer` on all names.
export const roles = router({
  list: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/roles",
        tags: TAG,
        summary: "List the roles",
        description:
          "Named sets of scopes that people have: `viewer`, `operator` and `admin`, which are fixed, then those of your own. Takes `administer *`.",
      },
    })
    .output(roleList)
    .query(async ({ ctx }) => {
      ctx.require("administer", "installation");
      return { roles: await ctx.services.listRoles() };
    }),

  put: authenticated
    .meta({
      openapi: {
        method: "PUT",
        path: "/roles/{role}",
        tags: TAG,
        summary: "Create or change a role",
        description:
          "The whole role: 201 when it is new, 200 when it was there. Whoever has it may do from now on what it says now. It allows nothing that the caller may not do. Takes `administer *`.",
      },
    })
    .input(roleDeclaration.extend({ role: roleName }))
    .output(role)
    .mutation(async ({ ctx, input }) => {
      ctx.require("administer", "installation");
      const { role: name, ...rest } = input;
      const { actor, mayGive } = ctx;
      const { role: changed, created } = await ctx.services.putRole({ role: { name, ...rest }, actor, mayGive });
      if (created) ctx.answer.status = 201;
      return changed;
    }),

  delete: authenticated
    .meta({
      openapi: {
        method: "DELETE",
        path: "/roles/{role}",
        tags: TAG,
        summary: "Delete a role",
        description: "Whoever has it loses it. Takes `administer *`.",
      },
    })
    .input(z.strictObject({ role: roleName }))
    .output(z.strictObject({ deleted: roleName }))
    .mutation(async ({ ctx, input }) => {
      ctx.require("administer", "installation");
      const { actor, mayGive } = ctx;
      await ctx.services.deleteRole({ name: input.role, actor, mayGive });
      return { deleted: input.role };
    }),

  people: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/people",
        tags: TAG,
        summary: "List the people and their roles",
        description: "Takes `administer *`.",
      },
    })
    .output(personList)
    .query(async ({ ctx }) => {
      ctx.require("administer", "installation");
      return { people: await ctx.services.listPeople() };
    }),

  assign: authenticated
    .meta({
      openapi: {
        method: "PATCH",
        path: "/people/{id}",
        tags: TAG,
        summary: "Say which roles a person has",
        description:
          "All of them: those left out are taken away. What is given or taken lies within what the caller may do, and somebody stays `admin`. It counts from the person's next request on; open pages within seconds. Takes `administer *`.",
      },
    })
    .input(rolesRequest.extend({ id: z.string().min(1).max(64) }))
    .output(personRow)
    .mutation(({ ctx, input }) => {
      ctx.require("administer", "installation");
      const { actor, mayGive } = ctx;
      return ctx.services.setRoles({ personId: input.id, roles: input.roles, actor, mayGive });
    }),
});

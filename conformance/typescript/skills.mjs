// Skills: directories of instructions and scripts, and the agents that use
// them.

import Anthropic, { toFile } from '@anthropic-ai/sdk';
import { TOOLSET, all, check, equal, ids, newAgent, newSession, rejects, script, textOf, turn } from './checks.mjs';

const MD = '---\nname: greeting\ndescription: Greets people. Use it when someone says hello.\n---\n\nRun scripts/greet.sh.\n';

async function newSkill(client) {
  return client.beta.skills.create({
    display_name: 'Greeting',
    files: [
      await toFile(Buffer.from(MD), 'greeting/SKILL.md', { type: 'text/markdown' }),
      new File(['#!/bin/sh\necho greetings-$((6*7))\n'], 'greeting/scripts/greet.sh'),
    ],
  });
}

check(async function skill_life(client) {
  const skill = await newSkill(client);
  equal([skill.display_name, skill.source.type], ['Greeting', 'custom']);
  equal(await client.skills.retrieve(skill.id), skill);
  const listed = ids(await all(client.beta.skills.list({ limit: 2 })));
  for (const id of [skill.id, 'xlsx', 'docx', 'pptx', 'pdf']) equal(listed.includes(id), true, id);
  const files = [new File([MD], 'greeting/SKILL.md')];
  const version = await client.beta.skills.versions.create(skill.id, { files });
  equal(await client.beta.skills.versions.retrieve('latest', { skill_id: skill.id }), version);
  equal(ids(await all(client.skills.versions.list(skill.id, { limit: 1 }))), [version.id, skill.latest_version_id]);
  equal((await client.beta.skills.versions.delete(version.id, { skill_id: skill.id })).id, version.id);
  await rejects(Anthropic.PermissionDeniedError, () => client.beta.skills.delete('pdf'));
  equal((await client.skills.delete(skill.id)).type, 'skill_deleted');
  await rejects(Anthropic.NotFoundError, () => client.beta.skills.retrieve(skill.id));
});

check(async function skill_download(client) {
  const skill = await newSkill(client);
  const answer = await client.beta.skills.versions.download(skill.latest_version_id, { skill_id: skill.id });
  const bytes = Buffer.from(await answer.arrayBuffer());
  equal(bytes.subarray(0, 2).toString(), 'PK');
  equal(bytes.includes('greeting/scripts/greet.sh'), true);
});

check(async function agent_uses_a_skill(client) {
  const skill = await newSkill(client);
  const agent = await newAgent(client, { tools: [TOOLSET], skills: [{ type: 'custom', skill_id: skill.id }] });
  equal(agent.skills[0].version, 'latest');
  const session = await newSession(client, agent);
  equal(session.agent.skills[0].version, skill.latest_version_id);
  equal(textOf(await turn(client, session.id, [script('greeting')])), 'The skill printed: greetings-42');
  const skills = [{ type: 'custom', skill_id: 'skill_none' }];
  await rejects(Anthropic.BadRequestError, () => newAgent(client, { tools: [TOOLSET], skills }), 'skills[0].skill_id');
});

// NestJS 11 on Express, with DTOs of class-validator, the ValidationPipe and a guard. Decorators are applied by hand,
// as TypeScript would, so that nothing has to be compiled.
require('reflect-metadata');
const { Controller, HttpCode, Injectable, Module, Post, Body, UnauthorizedException, ValidationPipe } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { Type } = require('class-transformer');
const { Equals, IsArray, IsBoolean, IsIn, IsObject, IsOptional, IsString, ValidateNested } = require('class-validator');
const { known, started, announce } = require('./serve.cjs');

const decorate = (target, key, ...decorators) => Reflect.decorate(decorators, target, key);
const properties = (dto, fields) => {
	for (const key in fields) decorate(dto.prototype, key, ...fields[key]);
};

class ContentItem {}
class TextContent extends ContentItem {}
class FileContent extends ContentItem {}
class SkillContent extends ContentItem {}
class JsonContent extends ContentItem {}
class ExecuteRequest {}

properties(ContentItem, { type: [IsIn(['text', 'file', 'skill', 'json'])] });
properties(TextContent, { text: [IsString()] });
properties(FileContent, { id: [IsString()] });
properties(SkillContent, { id: [IsString()] });
properties(JsonContent, { data: [IsObject()] });
const variants = [
	{ value: TextContent, name: 'text' }, { value: FileContent, name: 'file' },
	{ value: SkillContent, name: 'skill' }, { value: JsonContent, name: 'json' },
];
const byType = Type(() => ContentItem, { discriminator: { property: 'type', subTypes: variants }, keepDiscriminatorProperty: true });
properties(ExecuteRequest, {
	agentId: [IsOptional(), IsString()],
	content: [IsOptional(), IsArray(), ValidateNested({ each: true }), byType],
	archiveSessionFiles: [IsOptional(), IsBoolean()],
	summarySchema: [IsOptional(), IsObject()],
	kaizenVersion: [IsOptional(), IsIn(['Full', 'Lite'])],
});

class ApiKeyGuard {
	canActivate(context) {
		if (known(context.switchToHttp().getRequest().headers.authorization)) return true;
		throw new UnauthorizedException();
	}
}
decorate(ApiKeyGuard, undefined, Injectable());

class AgentsController {
	execute() {
		return started();
	}
}
Reflect.defineMetadata('design:paramtypes', [ExecuteRequest], AgentsController.prototype, 'execute');
Body()(AgentsController.prototype, 'execute', 0);
const execute = Object.getOwnPropertyDescriptor(AgentsController.prototype, 'execute');
Reflect.decorate([Post('execute'), HttpCode(200)], AgentsController.prototype, 'execute', execute);
decorate(AgentsController, undefined, Controller('agents'));

class AppModule {}
decorate(AppModule, undefined, Module({ controllers: [AgentsController] }));

NestFactory.create(AppModule, { logger: false }).then(async (app) => {
	app.useGlobalGuards(new ApiKeyGuard());
	app.useGlobalPipes(new ValidationPipe({ transform: true }));
	await app.listen(0, '127.0.0.1');
	announce(app.getHttpServer());
});

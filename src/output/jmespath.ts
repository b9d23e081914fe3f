// The JMESPath library, whole: the one file that imports it.

export {
  EmptyExpressionError,
  JMESPathError,
  JMESPathTypeError,
  LexerError,
  ParseError,
  search,
  UnknownFunctionError,
} from '@aws-lambda-powertools/jmespath';
export { PowertoolsFunctions } from '@aws-lambda-powertools/jmespath/functions';

"""The beta dialect: every event, object and REST body of it, and the two unions."""

from typing import TypeAlias, get_args

from msgspec import UNSET, UnsetType

from ..base import Event, UnknownEvent, opaque
from ..common.content import (
    Audio,
    ContentPart,
    ContentReference,
    InputAudio,
    InputImage,
    InputText,
    OutputAudio,
    OutputText,
    Text,
    UnknownPart,
)
from ..common.conversation import (
    Conversation,
    ConversationCreated,
    ConversationItemCreate,
    ConversationItemCreated,
    ConversationItemDelete,
    ConversationItemDeleted,
    ConversationItemDone,
    ConversationItemRetrieve,
    ConversationItemRetrieved,
    ConversationItemTruncate,
    ConversationItemTruncated,
)
from ..common.errors import Error, ErrorDetail
from ..common.input_audio import (
    InputAudioBufferAppend,
    InputAudioBufferClear,
    InputAudioBufferCleared,
    InputAudioBufferCommit,
    InputAudioBufferCommitted,
    InputAudioBufferSpeechStarted,
    InputAudioBufferSpeechStopped,
)
from ..common.items import (
    ConversationItem,
    FunctionCall,
    FunctionCallOutput,
    ItemReference,
    Message,
    UnknownItem,
)
from ..common.mcp import (
    McpApprovalRequest,
    McpApprovalResponse,
    McpCall,
    McpError,
    McpHttpError,
    McpListTools,
    McpProtocolError,
    McpToolExecutionError,
    McpToolInfo,
    UnknownMcpError,
)
from ..common.output_audio import (
    OutputAudioBufferClear,
    OutputAudioBufferCleared,
    OutputAudioBufferStarted,
    OutputAudioBufferStopped,
)
from ..common.rate_limits import RateLimit, RateLimitsUpdated
from ..common.response import (
    CachedTokensDetails,
    InputTokenDetails,
    OutputTokenDetails,
    ResponseCancel,
    ResponseContentPartAdded,
    ResponseContentPartDone,
    ResponseFunctionCallArgumentsDelta,
    ResponseOutputItemAdded,
    ResponseOutputItemDone,
    StatusDetails,
    StatusError,
    Usage,
)
from ..common.session import (
    CacheBreakpoint,
    ClientSecret,
    ExpiresAfter,
    NoiseReduction,
    Prompt,
    PromptInput,
    PromptInputFile,
    PromptInputImage,
    PromptInputText,
    RetentionRatio,
    SemanticVad,
    ServerVad,
    TokenLimits,
    Tracing,
    TracingConfiguration,
    Truncation,
    TurnDetection,
    UnknownPromptInput,
    UnknownTruncation,
    UnknownTurnDetection,
)
from ..common.tools import (
    FunctionTool,
    McpApprovalFilter,
    McpTool,
    McpToolFilter,
    Tool,
    ToolChoice,
    ToolChoiceFunction,
    ToolChoiceMcp,
    UnknownTool,
    UnknownToolChoice,
)
from ..common.transcription import (
    ConversationItemInputAudioTranscriptionCompleted,
    ConversationItemInputAudioTranscriptionDelta,
    ConversationItemInputAudioTranscriptionFailed,
    DurationUsage,
    LogProb,
    TokenUsage,
    TranscriptionError,
    TranscriptionLanguage,
    TranscriptionTokenDetails,
    TranscriptionUsage,
    UnknownTranscriptionUsage,
)
from .response import (
    RealtimeResponse,
    ResponseAudioDelta,
    ResponseAudioDone,
    ResponseAudioTranscriptDelta,
    ResponseAudioTranscriptDone,
    ResponseCreate,
    ResponseCreated,
    ResponseCreateParams,
    ResponseDone,
    ResponseFunctionCallArgumentsDone,
    ResponseTextDelta,
    ResponseTextDone,
)
from .rest import (
    SessionCreateRequest,
    SessionCreateResponse,
    TranscriptionSessionCreateRequest,
    TranscriptionSessionCreateResponse,
)
from .session import (
    InputAudioTranscription,
    SecretLifetime,
    Session,
    SessionClientSecret,
    SessionCreated,
    SessionUpdate,
    SessionUpdated,
    TranscriptionSession,
    TranscriptionSessionConfig,
    TranscriptionSessionCreated,
    TranscriptionSessionUpdate,
    TranscriptionSessionUpdated,
    Voice,
)

ClientEvent: TypeAlias = (
    ConversationItemCreate
    | ConversationItemDelete
    | ConversationItemRetrieve
    | ConversationItemTruncate
    | InputAudioBufferAppend
    | InputAudioBufferClear
    | InputAudioBufferCommit
    | OutputAudioBufferClear
    | ResponseCancel
    | ResponseCreate
    | SessionUpdate
    | TranscriptionSessionUpdate
)
"""What a client of this dialect may send: 12 events."""

ServerEvent: TypeAlias = (
    Error
    | SessionCreated
    | SessionUpdated
    | TranscriptionSessionUpdated
    | ConversationCreated
    | ConversationItemCreated
    | ConversationItemDeleted
    | ConversationItemRetrieved
    | ConversationItemTruncated
    | ConversationItemInputAudioTranscriptionDelta
    | ConversationItemInputAudioTranscriptionCompleted
    | ConversationItemInputAudioTranscriptionFailed
    | InputAudioBufferCleared
    | InputAudioBufferCommitted
    | InputAudioBufferSpeechStarted
    | InputAudioBufferSpeechStopped
    | OutputAudioBufferStarted
    | OutputAudioBufferStopped
    | OutputAudioBufferCleared
    | ResponseCreated
    | ResponseDone
    | ResponseOutputItemAdded
    | ResponseOutputItemDone
    | ResponseContentPartAdded
    | ResponseContentPartDone
    | ResponseFunctionCallArgumentsDelta
    | ResponseFunctionCallArgumentsDone
    | RateLimitsUpdated
    | ResponseTextDelta
    | ResponseTextDone
    | ResponseAudioDelta
    | ResponseAudioDone
    | ResponseAudioTranscriptDelta
    | ResponseAudioTranscriptDone
)
"""What a server of this dialect sends: 34 events."""

CLIENT_EVENTS: tuple[type[Event], ...] = get_args(ClientEvent)
SERVER_EVENTS: tuple[type[Event], ...] = get_args(ServerEvent)

__all__ = [
    "CLIENT_EVENTS",
    "SERVER_EVENTS",
    "UNSET",
    "Audio",
    "CacheBreakpoint",
    "CachedTokensDetails",
    "ClientEvent",
    "ClientSecret",
    "ContentPart",
    "ContentReference",
    "Conversation",
    "ConversationCreated",
    "ConversationItem",
    "ConversationItemCreate",
    "ConversationItemCreated",
    "ConversationItemDelete",
    "ConversationItemDeleted",
    "ConversationItemDone",
    "ConversationItemInputAudioTranscriptionCompleted",
    "ConversationItemInputAudioTranscriptionDelta",
    "ConversationItemInputAudioTranscriptionFailed",
    "ConversationItemRetrieve",
    "ConversationItemRetrieved",
    "ConversationItemTruncate",
    "ConversationItemTruncated",
    "DurationUsage",
    "Error",
    "ErrorDetail",
    "ExpiresAfter",
    "FunctionCall",
    "FunctionCallOutput",
    "FunctionTool",
    "InputAudio",
    "InputAudioBufferAppend",
    "InputAudioBufferClear",
    "InputAudioBufferCleared",
    "InputAudioBufferCommit",
    "InputAudioBufferCommitted",
    "InputAudioBufferSpeechStarted",
    "InputAudioBufferSpeechStopped",
    "InputAudioTranscription",
    "InputImage",
    "InputText",
    "InputTokenDetails",
    "ItemReference",
    "LogProb",
    "McpApprovalFilter",
    "McpApprovalRequest",
    "McpApprovalResponse",
    "McpCall",
    "McpError",
    "McpHttpError",
    "McpListTools",
    "McpProtocolError",
    "McpTool",
    "McpToolExecutionError",
    "McpToolFilter",
    "McpToolInfo",
    "Message",
    "NoiseReduction",
    "OutputAudio",
    "OutputAudioBufferClear",
    "OutputAudioBufferCleared",
    "OutputAudioBufferStarted",
    "OutputAudioBufferStopped",
    "OutputText",
    "OutputTokenDetails",
    "Prompt",
    "PromptInput",
    "PromptInputFile",
    "PromptInputImage",
    "PromptInputText",
    "RateLimit",
    "RateLimitsUpdated",
    "RealtimeResponse",
    "ResponseAudioDelta",
    "ResponseAudioDone",
    "ResponseAudioTranscriptDelta",
    "ResponseAudioTranscriptDone",
    "ResponseCancel",
    "ResponseContentPartAdded",
    "ResponseContentPartDone",
    "ResponseCreate",
    "ResponseCreateParams",
    "ResponseCreated",
    "ResponseDone",
    "ResponseFunctionCallArgumentsDelta",
    "ResponseFunctionCallArgumentsDone",
    "ResponseOutputItemAdded",
    "ResponseOutputItemDone",
    "ResponseTextDelta",
    "ResponseTextDone",
    "RetentionRatio",
    "SecretLifetime",
    "SemanticVad",
    "ServerEvent",
    "ServerVad",
    "Session",
    "SessionClientSecret",
    "SessionCreateRequest",
    "SessionCreateResponse",
    "SessionCreated",
    "SessionUpdate",
    "SessionUpdated",
    "StatusDetails",
    "StatusError",
    "Text",
    "TokenLimits",
    "TokenUsage",
    "Tool",
    "ToolChoice",
    "ToolChoiceFunction",
    "ToolChoiceMcp",
    "Tracing",
    "TracingConfiguration",
    "TranscriptionError",
    "TranscriptionLanguage",
    "TranscriptionSession",
    "TranscriptionSessionConfig",
    "TranscriptionSessionCreateRequest",
    "TranscriptionSessionCreateResponse",
    "TranscriptionSessionCreated",
    "TranscriptionSessionUpdate",
    "TranscriptionSessionUpdated",
    "TranscriptionTokenDetails",
    "TranscriptionUsage",
    "Truncation",
    "TurnDetection",
    "UnknownEvent",
    "UnknownItem",
    "UnknownMcpError",
    "UnknownPart",
    "UnknownPromptInput",
    "UnknownTool",
    "UnknownToolChoice",
    "UnknownTranscriptionUsage",
    "UnknownTruncation",
    "UnknownTurnDetection",
    "UnsetType",
    "Usage",
    "Voice",
    "opaque",
]

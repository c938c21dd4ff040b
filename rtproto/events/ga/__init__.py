"""The GA dialect: every event, object and REST body of it, and the two unions."""

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
from .conversation import ConversationItemAdded
from .input_audio import InputAudioBufferDtmfEventReceived, InputAudioBufferTimeoutTriggered
from .mcp import (
    McpListToolsCompleted,
    McpListToolsFailed,
    McpListToolsInProgress,
    ResponseMcpCallArgumentsDelta,
    ResponseMcpCallArgumentsDone,
    ResponseMcpCallCompleted,
    ResponseMcpCallFailed,
    ResponseMcpCallInProgress,
)
from .response import (
    RealtimeResponse,
    ResponseAudio,
    ResponseAudioOutput,
    ResponseCreate,
    ResponseCreated,
    ResponseCreateParams,
    ResponseDone,
    ResponseFunctionCallArgumentsDone,
    ResponseOutputAudioDelta,
    ResponseOutputAudioDone,
    ResponseOutputAudioTranscriptDelta,
    ResponseOutputAudioTranscriptDone,
    ResponseOutputTextDelta,
    ResponseOutputTextDone,
)
from .rest import (
    CallAcceptRequest,
    CallCreateRequest,
    CallReferRequest,
    CallRejectRequest,
    ClientSecretCreateRequest,
    ClientSecretCreateResponse,
    CreatedSession,
    CreatedTranscriptionSession,
)
from .session import (
    AnySession,
    AudioConfig,
    AudioFormat,
    AudioInput,
    AudioOutput,
    AudioPcm,
    AudioPcma,
    AudioPcmu,
    AudioTranscription,
    Reasoning,
    Session,
    SessionCreated,
    SessionUpdate,
    SessionUpdated,
    TranscriptionAudio,
    TranscriptionSession,
    UnknownAudioFormat,
    UnknownSession,
    VoiceId,
)
from .transcription import ConversationItemInputAudioTranscriptionSegment

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
)
"""What a client of this dialect may send: 11 events."""

ServerEvent: TypeAlias = (
    Error
    | SessionCreated
    | SessionUpdated
    | ConversationItemAdded
    | ConversationItemDone
    | ConversationCreated
    | ConversationItemCreated
    | ConversationItemDeleted
    | ConversationItemRetrieved
    | ConversationItemTruncated
    | ConversationItemInputAudioTranscriptionDelta
    | ConversationItemInputAudioTranscriptionCompleted
    | ConversationItemInputAudioTranscriptionFailed
    | ConversationItemInputAudioTranscriptionSegment
    | InputAudioBufferCleared
    | InputAudioBufferCommitted
    | InputAudioBufferSpeechStarted
    | InputAudioBufferSpeechStopped
    | InputAudioBufferTimeoutTriggered
    | InputAudioBufferDtmfEventReceived
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
    | ResponseOutputTextDelta
    | ResponseOutputTextDone
    | ResponseOutputAudioDelta
    | ResponseOutputAudioDone
    | ResponseOutputAudioTranscriptDelta
    | ResponseOutputAudioTranscriptDone
    | McpListToolsInProgress
    | McpListToolsCompleted
    | McpListToolsFailed
    | ResponseMcpCallArgumentsDelta
    | ResponseMcpCallArgumentsDone
    | ResponseMcpCallInProgress
    | ResponseMcpCallCompleted
    | ResponseMcpCallFailed
)
"""What a server of this dialect sends: 46 events."""

CLIENT_EVENTS: tuple[type[Event], ...] = get_args(ClientEvent)
SERVER_EVENTS: tuple[type[Event], ...] = get_args(ServerEvent)

__all__ = [
    "CLIENT_EVENTS",
    "SERVER_EVENTS",
    "UNSET",
    "AnySession",
    "Audio",
    "AudioConfig",
    "AudioFormat",
    "AudioInput",
    "AudioOutput",
    "AudioPcm",
    "AudioPcma",
    "AudioPcmu",
    "AudioTranscription",
    "CacheBreakpoint",
    "CachedTokensDetails",
    "CallAcceptRequest",
    "CallCreateRequest",
    "CallReferRequest",
    "CallRejectRequest",
    "ClientEvent",
    "ClientSecretCreateRequest",
    "ClientSecretCreateResponse",
    "ContentPart",
    "ContentReference",
    "Conversation",
    "ConversationCreated",
    "ConversationItem",
    "ConversationItemAdded",
    "ConversationItemCreate",
    "ConversationItemCreated",
    "ConversationItemDelete",
    "ConversationItemDeleted",
    "ConversationItemDone",
    "ConversationItemInputAudioTranscriptionCompleted",
    "ConversationItemInputAudioTranscriptionDelta",
    "ConversationItemInputAudioTranscriptionFailed",
    "ConversationItemInputAudioTranscriptionSegment",
    "ConversationItemRetrieve",
    "ConversationItemRetrieved",
    "ConversationItemTruncate",
    "ConversationItemTruncated",
    "CreatedSession",
    "CreatedTranscriptionSession",
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
    "InputAudioBufferDtmfEventReceived",
    "InputAudioBufferSpeechStarted",
    "InputAudioBufferSpeechStopped",
    "InputAudioBufferTimeoutTriggered",
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
    "McpListToolsCompleted",
    "McpListToolsFailed",
    "McpListToolsInProgress",
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
    "Reasoning",
    "ResponseAudio",
    "ResponseAudioOutput",
    "ResponseCancel",
    "ResponseContentPartAdded",
    "ResponseContentPartDone",
    "ResponseCreate",
    "ResponseCreateParams",
    "ResponseCreated",
    "ResponseDone",
    "ResponseFunctionCallArgumentsDelta",
    "ResponseFunctionCallArgumentsDone",
    "ResponseMcpCallArgumentsDelta",
    "ResponseMcpCallArgumentsDone",
    "ResponseMcpCallCompleted",
    "ResponseMcpCallFailed",
    "ResponseMcpCallInProgress",
    "ResponseOutputAudioDelta",
    "ResponseOutputAudioDone",
    "ResponseOutputAudioTranscriptDelta",
    "ResponseOutputAudioTranscriptDone",
    "ResponseOutputItemAdded",
    "ResponseOutputItemDone",
    "ResponseOutputTextDelta",
    "ResponseOutputTextDone",
    "RetentionRatio",
    "SemanticVad",
    "ServerEvent",
    "ServerVad",
    "Session",
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
    "TranscriptionAudio",
    "TranscriptionError",
    "TranscriptionLanguage",
    "TranscriptionSession",
    "TranscriptionTokenDetails",
    "TranscriptionUsage",
    "Truncation",
    "TurnDetection",
    "UnknownAudioFormat",
    "UnknownEvent",
    "UnknownItem",
    "UnknownMcpError",
    "UnknownPart",
    "UnknownPromptInput",
    "UnknownSession",
    "UnknownTool",
    "UnknownToolChoice",
    "UnknownTranscriptionUsage",
    "UnknownTruncation",
    "UnknownTurnDetection",
    "UnsetType",
    "Usage",
    "VoiceId",
    "opaque",
]

using Kopis.Mail.Dsn;

namespace Kopis.Remote;

/// <summary>Where an attempt ended.</summary>
/// <param name="Stage">The step.</param>
/// <param name="Server">The server; null where there was none.</param>
internal readonly record struct AttemptPoint(AttemptStage Stage, AttemptServer? Server);

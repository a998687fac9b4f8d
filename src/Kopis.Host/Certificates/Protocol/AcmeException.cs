using Kopis.Base;

namespace Kopis.Host.Certificates.Protocol;

/// <summary>A server did not do what was asked of it; the text says what it said.</summary>
internal sealed class AcmeException : ConfigurationException
{
    internal AcmeException(string message, int exitCode = ExitCode.Temporary)
        : base(message, exitCode)
    {
    }

    /// <summary>How long the server wants to be left alone.</summary>
    internal TimeSpan? RetryAfter { get; init; }
}

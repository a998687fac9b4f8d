using Kopis.Base;

namespace Kopis.Host.Certificates.Protocol;

/// <summary>A server did not do what was asked; the text has its error.</summary>
internal sealed class AcmeException : ConfigurationException
{
    internal AcmeException(string message, int exitCode = ExitCode.Temporary)
        : base(message, exitCode)
    {
    }

    /// <summary>The pause that the server asks for.</summary>
    internal TimeSpan? RetryAfter { get; init; }
}

using Kopis.Base;

namespace Kopis.Host.Certificates.Protocol;

/// <summary>A server refused a request; the text has its error.</summary>
internal sealed class AcmeException : ConfigurationException
{
    internal AcmeException(string message, int exitCode = ExitCode.Temporary)
        : base(message, exitCode)
    {
    }

    /// <summary>The pause that the server asks for.</summary>
    internal TimeSpan? RetryAfter { get; init; }
}

using Kopis.Net;
using Kopis.Queue;

namespace Kopis.Receive;

/// <summary>What an SMTP session has at its disposal.</summary>
/// <param name="Queue">Where its messages go.</param>
/// <param name="Tls">This host's certificates.</param>
/// <param name="Time">The clock.</param>
/// <param name="Log">Takes a line for people.</param>
internal sealed record SmtpServices(
    ISubmissionClient Queue, TlsServer Tls, TimeProvider Time, Action<string> Log);

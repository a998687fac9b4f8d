using System.Net;
using Kopis.Mail.Smtp;
using Kopis.Queue.Intake;
using Kopis.Server.Checks;

namespace Kopis.Server.Smtp;

/// <summary>Completes the checks of a message when its result is known: its domain gets one report,
/// and the greylist trusts its sender only if it was queued.</summary>
internal sealed class CheckedMessage
{
    private static readonly SmtpAnswer ForGood = new("554 refused by the queue");
    private static readonly SmtpAnswer ForNow = new("451 refused by the queue");

    private readonly SmtpServices _services;
    private readonly CheckVerdict _verdict;
    private readonly IPAddress _client;
    private readonly byte[] _sender;
    private readonly bool _isReported;

    /// <summary>Keeps what is needed of the session, which forgets it at the message's end.
    /// </summary>
    internal CheckedMessage(
        SmtpServices services, CheckVerdict verdict, IPAddress client, SmtpSession session)
    {
        (_services, _verdict, _client, _sender) = (services, verdict, client, session.Sender);
        _isReported = services.Checks.IsReported(address => session.IsOnlyFor(address));
    }

    /// <summary>Its Authentication-Results, in lines that end in LF.</summary>
    internal byte[] Field => _verdict.Field;

    /// <summary>Called if the message is refused.</summary>
    internal void Refused(SmtpAnswer refusal)
    {
        if (_isReported)
        {
            _services.Checks.Report(_verdict, refusal);
        }
    }

    /// <summary>Called when the filters and the queue have decided.</summary>
    /// <param name="message">The message.</param>
    /// <param name="reply">The queue's reply; null if the queue could not be reached.</param>
    internal void Finished(SmtpMessage message, QueueReply? reply)
    {
        SmtpAnswer? refusal = message.Held?.Refusal
            ?? (reply is { Code: 0 } ? null
                : reply is { } no && Words(no, message).StartsWith('D') ? ForGood : ForNow);
        if (_isReported)
        {
            _services.Checks.Report(_verdict, refusal);
        }

        bool isPassedOn = refusal is null && message.Held is null or { IsPassedOn: true };
        if (_verdict.IsVouchedFor && isPassedOn && _services.Greylist.IsOn)
        {
            _services.Greylist.Trust(_client, _sender);
        }
    }

    private static string Words(QueueReply reply, SmtpMessage message) =>
        message.CustomText ?? QueueResult.Describe(reply.Code);
}

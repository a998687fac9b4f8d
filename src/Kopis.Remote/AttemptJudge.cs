using System.Buffers.Text;
using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Queue.Spawn;
using Kopis.Remote.Replies;

namespace Kopis.Remote;

/// <summary>Classifies an attempt by its report, and decides what follows from it. Pure.</summary>
/// <param name="rules">control/replies.</param>
/// <param name="domain">The recipient's domain.</param>
internal sealed class AttemptJudge(ReplyRules rules, byte[] domain)
{
    private const uint OtherSourceSeconds = 30; // Before mail comes from another address.

    /// <summary>Called if a server wants mail from another of our addresses; returns whether there
    /// is one.</summary>
    internal Func<AttemptServer, TimeSpan, bool> OnRefusedSource { get; init; } =
        static (_, _) => false;

    /// <summary>The default rules, for no particular domain.</summary>
    internal static AttemptJudge Usual { get; } = new(ReplyRules.Default, []);

    /// <param name="outcome">The report about one recipient.</param>
    /// <param name="point">Where the attempt ended.</param>
    /// <param name="time">How long it took.</param>
    internal AttemptDetail Judge(Outcome outcome, AttemptPoint point, TimeSpan time)
    {
        ReplyFacts facts = FactsOf(outcome, point);
        ReplyRule? rule = facts.Class == BounceClass.None ? null : rules.Find(facts);
        uint said = rule is { IsSaid: true } ? SaidTime.Find(facts.Reply) : 0;
        if (rule is { Action: ReplyAction.OtherAddress } && point.Server is { Source: not null }
            && OnRefusedSource(point.Server, TimeSpan.FromSeconds(rule.Seconds)))
        {
            rule = rule with { Action = ReplyAction.RetryMessage, Seconds = OtherSourceSeconds };
        }

        return new AttemptDetail
        {
            Class = facts.Class,
            Action = rule?.Action ?? ReplyAction.None,
            ActionSeconds = said > 0 ? said : rule?.Seconds ?? 0,
            ActionValue = rule?.Value ?? 0,
            Stage = point.Stage,
            Code = (ushort)facts.Code,
            Milliseconds = (uint)Math.Clamp(time.TotalMilliseconds, 0, uint.MaxValue),
            Flags = point.Server?.Flags ?? AttemptFlags.None,
            Host = point.Server?.Host ?? "",
            Address = point.Server?.Address ?? "",
            TlsVersion = point.Server?.TlsVersion ?? "",
            EnhancedStatus = facts.Status,
        };
    }

    /// <summary>Adds how many recipients of a transaction the server accepts, if its reply asks for
    /// nothing else; 0: not known.</summary>
    internal static AttemptDetail WithLimit(AttemptDetail detail, int recipients) =>
        recipients == 0 || detail.Action != ReplyAction.None ? detail
            : detail with
            {
                Action = ReplyAction.FewerRecipients,
                ActionSeconds = RecipientLimits.Seconds,
                ActionValue = (ushort)recipients,
            };

    /// <summary>Whether a recipient was deferred by a reply after which the next server is to be
    /// tried. A recipient without a reply may have been delivered.</summary>
    internal bool TriesNext(Outcome outcome, AttemptPoint point) =>
        outcome.Verdict == Verdict.Retry
        && FactsOf(outcome, point) is { CodeByLetter: not 0 } facts
        && rules.Find(facts) is { TriesNext: true };

    private ReplyFacts FactsOf(Outcome outcome, AttemptPoint point)
    {
        ReadOnlySpan<byte> text = outcome.Text.Span;
        int said = text.IndexOf(EnhancedStatus.RemoteWords);
        ReadOnlySpan<byte> reply =
            said < 0 ? [] : text[(said + EnhancedStatus.RemoteWords.Length)..];
        int code = reply.Length >= 3
            && Utf8Parser.TryParse(reply[..3], out int number, out int used)
            && used == 3 && number is >= 200 and < 600 ? number : 0;
        ReadOnlySpan<byte> status = EnhancedStatus.InReport(text);
        return ReplyFacts.Of(
            domain, point.Server, code, ByteText.ToText(status),
            outcome.Verdict == Verdict.Delivered ? BounceClass.None
                : BounceClasses.Of(point.Stage, code, status, text),
            reply) with
        {
            // Replies of QMTP have no code: Z stands for any 4yz, and D for any 5yz.
            CodeByLetter = said < 0 || code != 0 ? code
                : outcome.Verdict == Verdict.Retry ? 400 : 500,
        };
    }
}

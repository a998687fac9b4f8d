using Kopis.Base;
using Kopis.Mail.Filtering;
using Kopis.Mail.Smtp;
using Kopis.Queue.Store.Messages;

namespace Kopis.Server.Filters;

/// <summary>The filters of one message, asked one after another. The first refusal decides. If a
/// filter is away, it is skipped or the message is deferred, as its line says. Disposing tells the
/// filters that the message is over.</summary>
/// <param name="filters">The filters in order.</param>
/// <param name="mail">The message.</param>
/// <param name="log">Writes a line about this message.</param>
/// <param name="floods">Logs what a client or a filter can cause at will, with a limit.</param>
/// <param name="time">The clock.</param>
internal sealed class MessageFilters(
    IReadOnlyList<IMessageFilter> filters, FilteredMail mail, Action<string> log,
    LogThrottle floods, TimeProvider time) : IAsyncDisposable
{
    /// <summary>The reply if a filter that must see the mail is away.</summary>
    internal static readonly SmtpAnswer Away =
        new("451 4.7.1 sorry, a filter does not answer, try again later");

    /// <summary>The reply if a message is to be quarantined, and no address is configured for that.
    /// </summary>
    internal static readonly SmtpAnswer Quarantined =
        new("451 4.7.1 sorry, a filter wants this to be looked at");

    private static readonly SmtpAnswer TooLarge =
        new("554 5.6.0 sorry, the header of this message is too large to be filtered");

    // For all filters together, from the end of the data. Clients wait ten minutes for the reply
    // (RFC 5321 §4.5.3.2.6); one that gave up would send again what was queued.
    private static readonly TimeSpan MessageTime = TimeSpan.FromMinutes(8);

    private const int QuarantineNamesMax = 100;

    private readonly List<IMessageFilter> _asked = [.. filters];
    private bool _isDiscarded;

    /// <summary>Asks about the sender.</summary>
    /// <returns>The refusal; null if there is none.</returns>
    internal ValueTask<SmtpAnswer?> OnSenderAsync(CancellationToken stop) =>
        AskAllAsync(filter => filter.OnSenderAsync(stop), stop);

    /// <summary>Asks about a recipient.</summary>
    /// <returns>The refusal; null if there is none.</returns>
    internal async ValueTask<SmtpAnswer?> OnRecipientAsync(
        byte[] address, CancellationToken stop)
    {
        SmtpAnswer? refusal =
            await AskAllAsync(filter => filter.OnRecipientAsync(address, stop), stop);
        if (refusal is null)
        {
            mail.Recipients.Add(address);
        }

        return refusal;
    }

    /// <summary>Asks about the whole message, and applies the changes.</summary>
    /// <param name="message">The message, which the caller disposes.</param>
    /// <param name="start">Where it begins, after our own lines.</param>
    /// <param name="envelope">Its envelope.</param>
    internal async ValueTask<FilterOutcome> OnMessageAsync(
        HeldBytes message, int start, byte[] envelope)
    {
        if (_isDiscarded)
        {
            return new FilterOutcome(null, null, envelope);
        }

        MessageDraft? draft = await MessageDraft.ReadAsync(message, start);
        if (draft is null)
        {
            return new FilterOutcome(TooLarge, null, envelope);
        }

        using CancellationTokenSource limit = new(MessageTime, time);
        bool isTaken = false;
        try
        {
            foreach (IMessageFilter filter in _asked)
            {
                FilterVerdict? verdict = await TryAskAsync(
                    filter, () => filter.OnMessageAsync(draft, limit.Token));
                SmtpAnswer? refusal = verdict is null
                    ? (filter.Rule.AcceptsWithout ? null : Away)
                    : Obey(filter, verdict, draft, ref envelope);
                if (refusal is not null || _isDiscarded)
                {
                    return new FilterOutcome(refusal, null, envelope);
                }
            }

            isTaken = EnvelopeEdits.HasRecipients(envelope);
            return new FilterOutcome(null, isTaken ? draft : null, envelope);
        }
        finally
        {
            if (!isTaken)
            {
                draft.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (IMessageFilter filter in filters)
        {
            await filter.DisposeAsync();
        }
    }

    private async ValueTask<SmtpAnswer?> AskAllAsync(
        Func<IMessageFilter, ValueTask<FilterVerdict>> ask, CancellationToken stop)
    {
        for (int i = 0; i < _asked.Count && !_isDiscarded;)
        {
            IMessageFilter filter = _asked[i];
            FilterVerdict? verdict = await TryAskAsync(filter, () => ask(filter));
            switch (verdict?.Decision)
            {
                case null when !filter.Rule.AcceptsWithout || stop.IsCancellationRequested:
                    return Away;
                case FilterDecision.Refuse:
                    floods.Write(
                        "senders and recipients refused by filters",
                        $"filter {filter.Rule.Name}: {verdict.Answer!.Line} ({mail.Id})");
                    return verdict.Answer;
                case FilterDecision.Discard:
                    Discard(filter);
                    break;
                case FilterDecision.Continue:
                    i++;
                    break;
                default:
                    _asked.RemoveAt(i);
                    break;
            }
        }

        return null;
    }

    // Null if the filter is away.
    private async ValueTask<FilterVerdict?> TryAskAsync(
        IMessageFilter filter, Func<ValueTask<FilterVerdict>> ask)
    {
        try
        {
            return await ask();
        }
        catch (FilterAwayException e)
        {
            floods.Write(
                "warning: filters that are away",
                $"warning: filter {filter.Rule.Name}: {e.Message}; mail is "
                    + (filter.Rule.AcceptsWithout ? "taken without it" : "told to come again"));
            return null;
        }
    }

    private void Discard(IMessageFilter filter)
    {
        _isDiscarded = true;
        log($"filter {filter.Rule.Name}: taken and discarded");
    }

    private SmtpAnswer? Obey(
        IMessageFilter filter, FilterVerdict verdict, MessageDraft draft, ref byte[] envelope)
    {
        switch (verdict.Decision)
        {
            case FilterDecision.Refuse:
                log($"filter {filter.Rule.Name}: {verdict.Answer!.Line}");
                return verdict.Answer;
            case FilterDecision.Discard:
                Discard(filter);
                return null;
            default:
                break;
        }

        if (verdict.Changes is not { } changes)
        {
            return null;
        }

        draft.Apply(changes, verdict.Body);
        envelope = EnvelopeEdits.Apply(envelope, changes);
        if (changes.Quarantine is { } reason)
        {
            log($"filter {filter.Rule.Name}: quarantine {reason}");
            if (filter.Rule.Quarantine is not { } keeper)
            {
                return Quarantined;
            }

            Mark(draft, filter.Rule.Name, reason, envelope);
            envelope = EnvelopeEdits.Only(envelope, keeper);
        }

        return null;
    }

    // Shows the reader of a quarantined message why it is there, and for whom it was.
    private static void Mark(MessageDraft draft, string filter, string reason, byte[] envelope)
    {
        foreach (ReadOnlyMemory<byte> recipient in
            new Envelope(envelope).Recipients.Take(QuarantineNamesMax).Reverse())
        {
            Put(draft, "X-Quarantine-Recipient", LogText.Safe(recipient.Span));
        }

        Put(draft, "X-Quarantine", $"{LogText.Safe(ByteText.ToBytes(filter))} {reason}");
    }

    private static void Put(MessageDraft draft, string name, string value) => draft.Header.Apply(
        FieldEdit.Make(
            FieldEditKind.Insert, 0, ByteText.ToBytes(name), ByteText.ToBytes(value),
            hasBlank: false)!);
}

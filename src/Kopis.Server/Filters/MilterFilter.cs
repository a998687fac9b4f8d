using System.Buffers;
using Kopis.Mail.Filtering;
using Kopis.Mail.Milter;

namespace Kopis.Server.Filters;

/// <summary>A milter's exchange about one message. For the milter each message is a new connection,
/// over a socket that is reused (SMFIC_QUIT_NC). It is reused only if the milter's last reply was
/// "continue", since libmilter reads nothing after any other (engine.c, NX_HELO). A socket that
/// breaks is replaced once, and the exchange is repeated.</summary>
internal sealed class MilterFilter(
    MilterPool pool, FilteredMail mail, HeldRoom room, TimeProvider time) : IMessageFilter
{
    private const int FlushBytes = 64 * 1024;
    private const int PieceBytesMax = MilterPacket.DataBytesMax / 2; // Each LF may become CRLF.
    private const long OtherBodyBytesFree = 16 * 1024 * 1024; // How much larger a new body may be.
    private static readonly TimeSpan PartingTime = TimeSpan.FromSeconds(1);

    private BodyLines _lines = new();
    private MilterLink? _link;
    private MilterDialog? _dialog;
    private CancellationTokenSource? _limit;
    private CancellationToken _stop;
    private TimeSpan _time;
    private HeldBytes? _body;
    private bool _isAtRest;
    private bool _wasReused;

    /// <inheritdoc/>
    public FilterRule Rule => pool.Rule;

    private ArrayBufferWriter<byte> Output => _link!.Output;

    /// <inheritdoc/>
    public async ValueTask<FilterVerdict> OnSenderAsync(CancellationToken stop)
    {
        try
        {
            return await GreetAsync(isNew: false, stop);
        }
        catch (FilterAwayException e) when (e.IsBroken && _wasReused)
        {
            return await GreetAsync(isNew: true, stop);
        }
    }

    /// <inheritdoc/>
    public ValueTask<FilterVerdict> OnRecipientAsync(byte[] address, CancellationToken stop) =>
        AskOnceMoreAsync(Rule.CommandTime, () => RecipientAsync(address), stop);

    /// <inheritdoc/>
    public ValueTask<FilterVerdict> OnMessageAsync(MessageDraft draft, CancellationToken stop) =>
        AskOnceMoreAsync(Rule.MessageTime, () => MessageAsync(draft), stop);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _body?.Dispose();
        if (_link is not { } link)
        {
            return;
        }

        _link = null;
        bool isKept = _isAtRest && !Rule.IsOnce && link.Agreement.CanBeKept;
        try
        {
            using CancellationTokenSource limit = new(PartingTime, time);
            link.Output.ResetWrittenCount();
            MilterPacket.Write(link.Output, isKept ? 'K' : 'Q');
            await link.FlushAsync(limit.Token);
            if (isKept)
            {
                pool.Return(link);
                return;
            }
        }
        catch (Exception e) when (e is FilterAwayException or OperationCanceledException)
        {
            // The connection is gone already.
        }

        link.Dispose();
    }

    private async ValueTask<FilterVerdict> GreetAsync(bool isNew, CancellationToken stop)
    {
        _link?.Dispose();
        _body?.Dispose();
        (_link, _body, _lines) = (null, null, new BodyLines());
        _link = await pool.AcquireAsync(isNew, stop);
        (_isAtRest, _wasReused) = (false, _link.IsReused);
        _dialog = new MilterDialog(_link.Agreement, Macros());
        return await WithinAsync(Rule.CommandTime, SenderAsync, stop);
    }

    // A broken connection may mean that the milter was restarted, or did not wait for a slow
    // client. If the last attempt failed, this also asks again.
    private async ValueTask<FilterVerdict> AskOnceMoreAsync(
        TimeSpan one, Func<ValueTask<FilterVerdict?>> ask, CancellationToken stop)
    {
        try
        {
            if (_link is not null)
            {
                return await WithinAsync(one, ask, stop);
            }
        }
        catch (FilterAwayException e) when (e.IsBroken)
        {
            // The same as in RepeatAsync.
        }

        FilterVerdict again = await RepeatAsync(stop);
        return again.Decision != FilterDecision.Continue ? again
            : await WithinAsync(one, ask, stop);
    }

    // Repeats the exchange on a new connection, up to where the old one was lost.
    private async ValueTask<FilterVerdict> RepeatAsync(CancellationToken stop)
    {
        FilterVerdict verdict = await GreetAsync(isNew: true, stop);
        for (int i = 0; i < mail.Recipients.Count && verdict.Decision == FilterDecision.Continue;
            i++)
        {
            byte[] address = mail.Recipients[i];
            verdict = await WithinAsync(Rule.CommandTime, () => RecipientAsync(address), stop);
        }

        return verdict;
    }

    private MilterMacros Macros()
    {
        MilterMacros macros = new();
        macros.Set("i", Base.ByteText.ToBytes(mail.Id));
        foreach ((string name, byte[]? value) in mail.Macros)
        {
            macros.Set(name, value);
        }

        return macros;
    }

    // The time is for one reply; each reply starts it again. If the result is not a verdict, the
    // link is closed: a late reply would be taken for that to the next question, for example the
    // reply to the body for that to the whole message.
    private async ValueTask<FilterVerdict> WithinAsync(
        TimeSpan one, Func<ValueTask<FilterVerdict?>> ask, CancellationToken stop)
    {
        using CancellationTokenSource limit = new(one, time);
        using CancellationTokenSource both =
            CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        (_limit, _time, _stop) = (limit, one, both.Token);
        bool isAnswered = false;
        try
        {
            FilterVerdict verdict = await ask() ?? FilterVerdict.Continue;
            isAnswered = true;
            return verdict;
        }
        catch (OperationCanceledException)
        {
            throw new FilterAwayException("does not answer in time");
        }
        finally
        {
            if (!isAnswered)
            {
                _link?.Dispose();
                _link = null;
            }
        }
    }

    private async ValueTask<FilterVerdict?> SenderAsync() =>
        await AskAsync(_dialog!.Connect(Output, mail.Client))
        ?? await AskAsync(_dialog.Helo(Output, mail.Client.Helo))
        ?? await AskAsync(_dialog.Sender(Output, mail.Sender));

    private ValueTask<FilterVerdict?> RecipientAsync(byte[] address) =>
        AskAsync(_dialog!.Recipient(Output, address));

    private async ValueTask<FilterVerdict?> MessageAsync(MessageDraft draft)
    {
        FilterVerdict? verdict = await AskAsync(_dialog!.Data(Output));
        for (int i = 0; i < draft.Header.Fields.Count && verdict is null; i++)
        {
            verdict = await AskAsync(_dialog.Field(Output, draft.Header.Fields[i]));
        }

        verdict ??= await AskAsync(_dialog.EndOfHeader(Output));
        if (verdict is null && _dialog.WantsBody)
        {
            verdict = await BodyAsync(draft);
        }

        return verdict ?? await EndAsync(draft);
    }

    private async ValueTask<FilterVerdict?> BodyAsync(MessageDraft draft)
    {
        (HeldBytes bytes, long place) = draft.Body;
        byte[] stored = ArrayPool<byte>.Shared.Rent(PieceBytesMax);
        ArrayBufferWriter<byte> piece = new();
        try
        {
            int got;
            while ((got = await bytes.ReadAsync(place, stored.AsMemory(0, PieceBytesMax))) > 0)
            {
                place += got;
                piece.ResetWrittenCount();
                BodyLines.ToNetwork(stored.AsSpan(0, got), piece);
                bool isAnswered = _dialog!.Body(Output, piece.WrittenSpan);
                MilterStep step = await StepAsync(isAnswered);
                if (step == MilterStep.Skip)
                {
                    break;
                }

                if (Verdict(step) is { } verdict)
                {
                    return verdict;
                }
            }

            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stored);
        }
    }

    private async ValueTask<FilterVerdict?> EndAsync(MessageDraft draft)
    {
        long most = (2 * draft.Body.Bytes.Length) + OtherBodyBytesFree;
        _dialog!.EndOfMessage(Output);
        await _link!.FlushAsync(_stop);
        MilterStep step;
        while ((step = _dialog.OnReply(await ReadAsync(most))) is MilterStep.Wait
            or MilterStep.BodyPart)
        {
            _limit!.CancelAfter(_time);
        }

        FilterVerdict? verdict = Verdict(step);
        _isAtRest = step == MilterStep.Continue || Rule.IsKept;
        if (verdict is { Decision: FilterDecision.Refuse or FilterDecision.Discard })
        {
            return verdict;
        }

        if (_body is not null)
        {
            ArrayBufferWriter<byte> last = new();
            _lines.End(last);
            await _body.AppendAsync(last.WrittenMemory);
        }

        verdict = new FilterVerdict(FilterDecision.Accept, null, _dialog.Changes, _body);
        _body = null; // It belongs to the caller now.
        return verdict;
    }

    private async ValueTask<MilterReply> ReadAsync(long bodyBytesMax)
    {
        MilterReply reply = await _link!.ReadAsync(_stop);
        if (reply.Kind == MilterReplyKind.ReplaceBody
            && _link.Agreement.Actions.HasFlag(MilterActions.ChangeBody))
        {
            _body ??= new HeldBytes(room);
            ArrayBufferWriter<byte> stored = new(Math.Max(1, reply.First.Length));
            _lines.ToStored(reply.First, stored);
            await _body.AppendAsync(stored.WrittenMemory);
            if (_body.Length > bodyBytesMax)
            {
                throw new FilterAwayException("replaces the body by one that is too large");
            }
        }

        return reply;
    }

    private async ValueTask<FilterVerdict?> AskAsync(bool isAnswered) =>
        Verdict(await StepAsync(isAnswered));

    private async ValueTask<MilterStep> StepAsync(bool isAnswered)
    {
        if (isAnswered || Output.WrittenCount > FlushBytes)
        {
            await _link!.FlushAsync(_stop);
        }

        MilterStep step = MilterStep.Continue;
        if (isAnswered)
        {
            do
            {
                step = _dialog!.OnReply(await _link!.ReadAsync(_stop));
            }
            while (step == MilterStep.Wait);
            _limit!.CancelAfter(_time);
        }

        return step;
    }

    private FilterVerdict? Verdict(MilterStep step) => step switch
    {
        MilterStep.Continue or MilterStep.Skip => null,
        MilterStep.Accept => new FilterVerdict(FilterDecision.Accept),
        MilterStep.Discard => new FilterVerdict(FilterDecision.Discard),
        MilterStep.Refuse => new FilterVerdict(FilterDecision.Refuse, _dialog!.Answer),
        _ => throw new FilterAwayException($"answers nonsense: {_dialog!.Fault}"),
    };
}

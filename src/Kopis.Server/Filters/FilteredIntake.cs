using Kopis.Mail.Smtp;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Server.Filters;

/// <summary>The way into the queue for one message that filters may change. It is held until its
/// end; then the filters are asked, and their result is queued.</summary>
/// <param name="queue">The queue.</param>
/// <param name="filters">The message's filters.</param>
/// <param name="room">The memory that all held messages share.</param>
internal sealed class FilteredIntake(IIntakeClient queue, MessageFilters filters, HeldRoom room)
    : IIntakeClient, IIntakeMessage
{
    private static readonly SmtpAnswer NoRoom =
        new("451 4.3.1 sorry, there is no room to have this message filtered");

    private readonly HeldBytes _held = new(room);
    private IIntakeMessage? _queued;
    private MessageOrigin _origin;
    private bool _headFollows;
    private uint _client;
    private byte[] _head = [];
    private bool _isFull;

    /// <summary>How many bytes at the beginning are our own lines, which filters do not see.
    /// </summary>
    internal int OwnBytes { get; set; }

    /// <summary>Why the message is not queued, if filters decided that; else null.</summary>
    internal SmtpAnswer? Refusal { get; private set; }

    /// <summary>Whether it went on to the queue: a filter may have discarded it.</summary>
    internal bool IsPassedOn => _queued is not null;

    /// <inheritdoc/>
    public string? CustomText => _queued?.CustomText;

    /// <inheritdoc/>
    public ValueTask<IIntakeMessage> BeginAsync(
        MessageOrigin origin, uint qp, CancellationToken stop, bool headFollows = false,
        uint client = 0)
    {
        (_origin, _headFollows, _client) = (origin, headFollows, client);
        return ValueTask.FromResult<IIntakeMessage>(this);
    }

    /// <inheritdoc/>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> block, CancellationToken stop)
    {
        if (_isFull)
        {
            return;
        }

        try
        {
            await _held.AppendAsync(block);
        }
        catch (PosixException)
        {
            _isFull = true;
        }
    }

    /// <inheritdoc/>
    public ValueTask WriteHeadAsync(ReadOnlyMemory<byte> fields, CancellationToken stop)
    {
        _head = fields.ToArray();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask<QueueReply> FinishAsync(
        ReadOnlyMemory<byte> envelope, CancellationToken stop)
    {
        try
        {
            FilterOutcome outcome = _isFull
                ? new FilterOutcome(NoRoom, null, [])
                : await filters.OnMessageAsync(_held, OwnBytes, envelope.ToArray());
            Refusal = outcome.Refusal;
            using MessageDraft? draft = outcome.Draft;
            return draft is null
                ? new QueueReply(outcome.Refusal is null ? 0 : QueueCode.Rejected, 0, 0)
                : await QueueAsync(draft, outcome.Envelope, stop);
        }
        catch (PosixException)
        {
            Refusal = NoRoom;
        }
        catch (IOException)
        {
            Refusal = SmtpReply.NoQueue;
        }

        return new QueueReply(QueueCode.WriteError, 0, 0);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _held.Dispose();
        return _queued?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private async ValueTask<QueueReply> QueueAsync(
        MessageDraft draft, byte[] envelope, CancellationToken stop)
    {
        _queued = await queue.BeginAsync(_origin, qp: 0, stop, _headFollows, _client);
        byte[] own = new byte[OwnBytes];
        _ = await _held.ReadAsync(0, own);
        await _queued.WriteAsync(own, stop);
        await draft.WriteAsync(block => _queued.WriteAsync(block, stop));
        if (_head.Length > 0)
        {
            await _queued.WriteHeadAsync(_head, stop);
        }

        return await _queued.FinishAsync(envelope, stop);
    }
}

using System.Text;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Server.Tests.Smtp;

/// <summary>A queue in memory, which keeps what it was given and answers as it is told.</summary>
internal sealed class CapturedQueue : IIntakeClient
{
    internal List<(string Message, string Envelope)> Messages { get; } = [];

    internal int Begun { get; private set; }

    internal int Abandoned { get; private set; }

    internal int LargestWrite { get; private set; }

    /// <summary>Where the last one came from.</summary>
    internal MessageOrigin Origin { get; private set; }

    /// <summary>Who submitted it.</summary>
    internal uint Client { get; private set; }

    internal bool IsDown { get; set; }

    internal string? CustomText { get; set; }

    internal QueueReply Reply { get; set; } = new(0, 13960, 7);

    public ValueTask<IIntakeMessage> BeginAsync(
        MessageOrigin origin, uint qp, CancellationToken stop, bool headFollows = false,
        uint client = 0)
    {
        Assert.True(origin is MessageOrigin.Network or MessageOrigin.Submitted);
        Origin = origin;
        Client = client;
        Begun++;
        return IsDown ? throw new IOException("down") : ValueTask.FromResult<IIntakeMessage>(
            new Submission(this));
    }

    private sealed class Submission(CapturedQueue queue) : IIntakeMessage
    {
        private readonly StringBuilder _message = new();
        private bool _finished;

        public string? CustomText => queue.CustomText;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> data, CancellationToken stop)
        {
            _message.Append(Encoding.Latin1.GetString(data.Span));
            queue.LargestWrite = Math.Max(queue.LargestWrite, data.Length);
            return ValueTask.CompletedTask;
        }

        public ValueTask WriteHeadAsync(ReadOnlyMemory<byte> fields, CancellationToken stop)
        {
            _message.Insert(0, Encoding.Latin1.GetString(fields.Span));
            return ValueTask.CompletedTask;
        }

        public ValueTask<QueueReply> FinishAsync(
            ReadOnlyMemory<byte> envelope, CancellationToken stop)
        {
            _finished = true;
            if (queue.Reply.Code == 0)
            {
                queue.Messages.Add((_message.ToString(), Encoding.Latin1.GetString(envelope.Span)));
            }

            return ValueTask.FromResult(queue.Reply);
        }

        public ValueTask DisposeAsync()
        {
            queue.Abandoned += _finished ? 0 : 1;
            return ValueTask.CompletedTask;
        }
    }
}

using System.Text;

namespace Kopis.Remote.Tests;

/// <summary>
/// A server that follows a transcript: <c>C:</c> lines are what must have been sent by the time
/// that the <c>S:</c> lines after them are read, which come in pieces of a given size. <c>\c</c> at
/// the end of an S: line leaves its CRLF out. At its end the server hangs up.
/// </summary>
internal sealed class ScriptStream : Stream
{
    private readonly Queue<(string Sent, byte[] Reply)> _steps = new();
    private readonly int _cutBytes;
    private byte[] _reply = [];
    private int _at;

    internal ScriptStream(int cutBytes, string transcript)
    {
        _cutBytes = cutBytes;
        string sent = "";
        string reply = "";
        foreach (string line in transcript.Split('\n').Select(line => line.Trim()))
        {
            string text = line.Length > 3 ? line[3..] : "";
            if (line.StartsWith("C:", StringComparison.Ordinal))
            {
                AddStep(sent, reply);
                (sent, reply) = (reply.Length > 0 ? "" : sent, "");
                sent += text + "\r\n";
            }
            else if (line.StartsWith("S:", StringComparison.Ordinal))
            {
                reply += text.EndsWith("\\c", StringComparison.Ordinal)
                    ? text[..^2] : text + "\r\n";
            }
        }

        AddStep(sent, reply);
        IsDone = _steps.Count == 0;
    }

    /// <summary>A server that says so much, whatever it is sent, and hangs up.</summary>
    internal static ScriptStream OfReplies(int cutBytes, string replies)
    {
        ScriptStream server = new(cutBytes, "");
        server.AddStep("", replies);
        return server;
    }

    /// <summary>All that was sent and that no C: line has accounted for.</summary>
    internal StringBuilder Unread { get; } = new();

    /// <summary>The whole transcript was played.</summary>
    internal bool IsDone { get; private set; }

    /// <summary>There is something to read that nobody waits for.</summary>
    internal bool HasMore => _at < _reply.Length;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> to)
    {
        if (_at == _reply.Length && !Next())
        {
            return 0;
        }

        int length = Math.Min(Math.Min(to.Length, _cutBytes), _reply.Length - _at);
        _reply.AsSpan(_at, length).CopyTo(to);
        _at += length;
        return length;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> to, CancellationToken stop = default) =>
        ValueTask.FromResult(Read(to.Span));

    public override void Write(byte[] buffer, int offset, int count) =>
        Unread.Append(Encoding.Latin1.GetString(buffer, offset, count));

    public override ValueTask WriteAsync(
        ReadOnlyMemory<byte> from, CancellationToken stop = default)
    {
        Unread.Append(Encoding.Latin1.GetString(from.Span));
        return ValueTask.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken stop) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void AddStep(string sent, string reply)
    {
        if (reply.Length > 0)
        {
            _steps.Enqueue((sent, Encoding.Latin1.GetBytes(reply)));
        }
    }

    private bool Next()
    {
        if (!_steps.TryDequeue(out (string Sent, byte[] Reply) step))
        {
            return false;
        }

        Assert.StartsWith(step.Sent, Unread.ToString(), StringComparison.Ordinal);
        Unread.Remove(0, step.Sent.Length);
        (_reply, _at) = (step.Reply, 0);
        IsDone = _steps.Count == 0;
        return true;
    }
}

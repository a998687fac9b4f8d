using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Kopis.Base;
using Kopis.Testing;

namespace Kopis.Net.Tests;

public class LinePumpTests
{
    private readonly Pipe _in = new();
    private readonly Pipe _out = new();
    private readonly ManualTime _time = new();
    private readonly Echo _echo = new();

    [Theory, InlineData(1), InlineData(3), InlineData(4096)]
    public async Task Lines_end_in_lf_or_crlf_at_any_cut(int cut)
    {
        Task<PumpEnd> run = Run();
        await Send("one\r\ntwo\nthree\r\r\n\r\nquit\r\nrest", cut);
        Assert.Equal(PumpEnd.Closed, await run);
        Assert.Equal("[one][two][three\r][][quit]", await Replies());
    }

    [Fact]
    public async Task A_batch_is_answered_by_one_write()
    {
        await Send("a\r\nb\r\nc\r\nquit\r\n", 4096);
        Assert.Equal(PumpEnd.Closed, await Run());
        Assert.True(_out.Reader.TryRead(out ReadResult read));
        Assert.Equal("[a][b][c][quit]", Encoding.Latin1.GetString(read.Buffer));
    }

    [Theory, InlineData(1), InlineData(3), InlineData(4096)]
    public async Task A_long_line_is_refused_and_the_next_is_taken(int cut)
    {
        Task<PumpEnd> run = Run();
        string just = new('j', Echo.Max);
        string much = new('y', 50_000);
        await Send($"{just}\r\n{just}x\r\n{much}\nok\r\nquit\n", cut);
        Assert.Equal(PumpEnd.Closed, await run);
        Assert.Equal($"[{just}]!![ok][quit]", await Replies());
    }

    [Theory, InlineData(1), InlineData(4096)]
    public async Task What_follows_a_pause_stays(int cut)
    {
        Task<PumpEnd> run = Run();
        Task sent = Send("a\r\npause\r\ndata\r\n", cut);
        Assert.Equal(PumpEnd.Paused, await run);
        await sent;
        ReadResult read = await _in.Reader.ReadAtLeastAsync(6);
        Assert.Equal("data\r\n", Encoding.Latin1.GetString(read.Buffer));
    }

    [Fact]
    public async Task A_line_must_be_whole_in_time_though_bytes_keep_coming()
    {
        Task<PumpEnd> run = Run();
        await Send("no end ", 1);
        _time.Advance(TimeSpan.FromSeconds(9));
        await Send("of line ", 1);
        Assert.False(run.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(PumpEnd.TimedOut, await run);
    }

    [Fact]
    public async Task A_peer_that_does_not_read_is_timed_out()
    {
        Pipe narrow = new(new PipeOptions(pauseWriterThreshold: 4, resumeWriterThreshold: 2));
        Task<PumpEnd> run = Run(output: narrow.Writer);
        await Send("hello\r\n", 4096);
        await narrow.Reader.ReadAsync(); // The reply is under way, so the deadline is set.
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(PumpEnd.TimedOut, await run);
    }

    [Fact]
    public async Task Stop_ends_the_wait_for_a_line()
    {
        using CancellationTokenSource stop = new();
        Task<PumpEnd> run = Run(stop: stop.Token);
        await Send("a\r\nhalf", 4096);
        Assert.Equal("[a]", await Replies(3));
        await stop.CancelAsync();
        Assert.Equal(PumpEnd.Stopped, await run);
    }

    [Fact]
    public async Task End_of_input_is_told_after_the_last_whole_line()
    {
        await Send("a\r\nhalf", 4096);
        await _in.Writer.CompleteAsync();
        Assert.Equal(PumpEnd.EndOfInput, await Run());
        Assert.Equal("[a]", await Replies());
    }

    private Task<PumpEnd> Run(PipeWriter? output = null, CancellationToken stop = default)
    {
        Connection connection =
            Connection.OverPipes(_in.Reader, output ?? _out.Writer, new ByteEnvironment(), _time);
        return new LinePump(connection, _echo).RunAsync(TimeSpan.FromSeconds(10), stop).AsTask();
    }

    private async Task Send(string text, int cut)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        for (int at = 0; at < bytes.Length; at += cut)
        {
            FlushResult flush = await _in.Writer.WriteAsync(
                bytes.AsMemory(at, Math.Min(cut, bytes.Length - at)));
            if (flush.IsCompleted)
            {
                return;
            }
        }
    }

    private async Task<string> Replies(int? bytes = null)
    {
        if (bytes is null)
        {
            await _out.Writer.CompleteAsync();
        }

        ReadResult read = await _out.Reader.ReadAtLeastAsync(bytes ?? int.MaxValue);
        string text = Encoding.Latin1.GetString(read.Buffer);
        _out.Reader.AdvanceTo(read.Buffer.End);
        return text;
    }

    private sealed class Echo : ILineProtocol
    {
        internal const int Max = 300;

        public int LineBytesMax => Max;

        public LineStep OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply)
        {
            reply.Write([(byte)'[', .. line, (byte)']']);
            return line.SequenceEqual("quit"u8) ? LineStep.Close
                : line.SequenceEqual("pause"u8) ? LineStep.Pause : LineStep.Continue;
        }

        public LineStep OnLineTooLong(IBufferWriter<byte> reply)
        {
            reply.Write("!"u8);
            return LineStep.Continue;
        }
    }
}

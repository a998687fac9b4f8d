using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Intake;

/// <summary>One run of a <see cref="QueueProgram"/>. Its pipes block, so each step runs on a thread
/// of the pool.</summary>
internal sealed class QueueProgramRun : IIntakeMessage
{
    private const int CustomTextBytesMax = 255;
    private const int CustomTextBytesMin = 3;

    private readonly int _pid;
    private int _message = -1;
    private int _envelope = -1;
    private int _text = -1;
    private bool _failed;
    private bool _ended;

    internal QueueProgramRun(string path, ByteEnvironment environment, string home)
    {
        int messageRead = -1;
        int envelopeRead = -1;
        int textWrite = -1;
        try
        {
            (messageRead, _message) = Fd.Pipe();
            (envelopeRead, _envelope) = Fd.Pipe();
            (_text, textWrite) = Fd.Pipe();
            _pid = new ProcessStart
            {
                Path = path,
                Arguments = [ByteText.ToBytes(path)],
                Environment = environment,
                Directory = home,
                Descriptors = new Dictionary<int, int>
                {
                    [0] = messageRead,
                    [1] = envelopeRead,
                    [2] = 2,
                    [6] = textWrite,
                },
            }.Start();
        }
        catch (PosixException)
        {
            _failed = true; // Finish returns 120.
        }

        Close(ref messageRead);
        Close(ref envelopeRead);
        Close(ref textWrite);
    }

    public string? CustomText { get; private set; }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> block, CancellationToken stop) =>
        await Task.Run(() => Write(_message, block.Span), CancellationToken.None);

    public ValueTask WriteHeadAsync(ReadOnlyMemory<byte> fields, CancellationToken stop) =>
        throw new InvalidOperationException("The program has the beginning of the message.");

    public async ValueTask<QueueReply> FinishAsync(
        ReadOnlyMemory<byte> envelope, CancellationToken stop)
    {
        if (_pid == 0)
        {
            return new QueueReply(QueueCode.CannotRun, 0, 0);
        }

        return await Task.Run(() => Finish(envelope), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        CloseAll();
        if (_pid > 0 && !_ended)
        {
            _ended = true;
            await Task.Run(() => Processes.Wait(_pid));
        }
    }

    private QueueReply Finish(ReadOnlyMemory<byte> envelope)
    {
        Close(ref _message);
        Envelope whole = new(envelope);
        Write(_envelope, whole.HasParameters ? whole.WithoutParameters() : envelope.Span);
        Close(ref _envelope);
        byte[] text = new byte[CustomTextBytesMax];
        int length = ReadText(text);
        WaitStatus status = Processes.Wait(_pid);
        _ended = true;
        int code = status.Crashed ? QueueCode.KilledBySignal : status.ExitCode;
        if (code == QueueCode.CustomText && length >= CustomTextBytesMin)
        {
            CustomText = ByteText.ToText(text.AsSpan(0, length));
        }

        return new QueueReply(
            code == 0 && _failed ? QueueCode.ReadError : code, (uint)_pid, 0);
    }

    private int ReadText(byte[] to)
    {
        int length = 0;
        byte[] rest = new byte[CustomTextBytesMax];
        while (true)
        {
            int got = Fd.Read(_text, length < to.Length ? to.AsSpan(length) : rest);
            if (got <= 0)
            {
                return length;
            }

            length = Math.Min(to.Length, length + got);
        }
    }

    private void Write(int fd, ReadOnlySpan<byte> bytes)
    {
        try
        {
            if (!_failed)
            {
                Fd.WriteAll(fd, bytes);
            }
        }
        catch (PosixException)
        {
            _failed = true; // The program stopped reading; its exit code says why.
        }
    }

    private void CloseAll()
    {
        Close(ref _message);
        Close(ref _envelope);
        Close(ref _text);
    }

    private static void Close(ref int fd)
    {
        if (fd >= 0)
        {
            Fd.Close(fd);
            fd = -1;
        }
    }
}

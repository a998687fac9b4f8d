using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Authentication.Results;
using Kopis.Posix;

namespace Kopis.Queue.Intake;

/// <summary>A message for a <see cref="QueueProgram"/> whose first header fields come last. It is
/// held until its end, in memory while it is small, else in a file without a name; then the program
/// is started.</summary>
internal sealed class HeldProgramMessage(string path, ByteEnvironment environment, string home)
    : IIntakeMessage
{
    private const int InMemoryBytesMax = 256 * 1024;
    private const int BlockBytes = 64 * 1024;

    private readonly ArrayBufferWriter<byte> _memory = new();
    private QueueProgramRun? _run;
    private byte[] _head = [];
    private int _file = -1;
    private bool _failed;

    public string? CustomText => _run?.CustomText;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> block, CancellationToken stop)
    {
        _memory.Write(block.Span);
        if (_memory.WrittenCount > InMemoryBytesMax)
        {
            await Task.Run(MoveToFile, CancellationToken.None);
        }
    }

    public ValueTask WriteHeadAsync(ReadOnlyMemory<byte> fields, CancellationToken stop)
    {
        _head = fields.ToArray();
        return ValueTask.CompletedTask;
    }

    public async ValueTask<QueueReply> FinishAsync(
        ReadOnlyMemory<byte> envelope, CancellationToken stop)
    {
        if (_failed)
        {
            return new QueueReply(QueueCode.WriteError, 0, 0);
        }

        ByteEnvironment own = new(environment);
        if (_head.Length > 0)
        {
            own[ResultsText.Variable] = ResultsText.Unfold(_head);
        }

        _run = new QueueProgramRun(path, own, home);
        await _run.WriteAsync(_head, stop);
        if (_file >= 0)
        {
            await Task.Run(() => Fd.Seek(_file, 0), CancellationToken.None);
            byte[] block = new byte[BlockBytes];
            int got;
            while ((got = Fd.Read(_file, block)) > 0)
            {
                await _run.WriteAsync(block.AsMemory(0, got), stop);
            }
        }

        await _run.WriteAsync(_memory.WrittenMemory, stop);
        return await _run.FinishAsync(envelope, stop);
    }

    public ValueTask DisposeAsync()
    {
        Fd.Close(_file);
        _file = -1;
        return _run?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private void MoveToFile()
    {
        try
        {
            if (_file < 0 && !_failed)
            {
                _file = UnnamedFile.OnDisk();
            }

            if (!_failed)
            {
                Fd.WriteAll(_file, _memory.WrittenSpan);
            }
        }
        catch (PosixException)
        {
            _failed = true;
        }

        _memory.ResetWrittenCount();
    }
}

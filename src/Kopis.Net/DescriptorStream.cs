using Kopis.Posix;

namespace Kopis.Net;

/// <summary>Two descriptors as a stream that blocks in poll(2), for programs that serve one peer.
/// Reading and writing end when their token is cancelled. The mode of the descriptors is not
/// changed, since a shell or another program may share them. They are not closed.</summary>
internal sealed class DescriptorStream(int input, int output) : Stream
{
    // After poll(2) reports it writable, a write of at most PIPE_BUF bytes does not block
    // (pipe(7)).
    private const int PieceBytes = 4096;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            while (true)
            {
                Wait(read: true, cancellationToken);
                int got = Fd.Read(input, buffer.Span);
                if (got >= 0)
                {
                    return ValueTask.FromResult(got);
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return ValueTask.FromException<int>(e);
        }
    }

    public override ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            while (!buffer.IsEmpty)
            {
                Wait(read: false, cancellationToken);
                int put = Fd.Write(output, buffer.Span[..Math.Min(buffer.Length, PieceBytes)]);
                buffer = buffer[Math.Max(put, 0)..];
            }

            return ValueTask.CompletedTask;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return ValueTask.FromException(e);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override void Write(byte[] buffer, int offset, int count) =>
        WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    // A cancellation comes on another thread, which wakes poll(2) by a byte in a pipe.
    private void Wait(bool read, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        (int wakeRead, int wakeWrite) = Fd.Pipe();
        try
        {
            using (cancel.UnsafeRegister(_ => Fd.Write(wakeWrite, "x"u8), null))
            {
                Poller poller = new();
                int place = poller.Add(read ? input : output, read, write: !read);
                poller.Add(wakeRead, read: true);
                do
                {
                    poller.Wait(null);
                    cancel.ThrowIfCancellationRequested();
                }
                while (!poller.IsReady(place));
            }
        }
        finally
        {
            Fd.Close(wakeRead);
            Fd.Close(wakeWrite);
        }
    }
}

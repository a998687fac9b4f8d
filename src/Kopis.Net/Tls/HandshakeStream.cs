namespace Kopis.Net.Tls;

/// <summary>The transport below TLS. During the handshake it releases the slot at the gate whenever
/// it waits for the peer; afterwards it only passes bytes through. It does not own the transport.
/// </summary>
internal sealed class HandshakeStream(Stream transport, HandshakeGate gate) : Stream
{
    private bool _computes; // We hold a slot.
    private bool _isOver;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Whether the peer has sent anything.</summary>
    internal bool HasRead { get; private set; }

    /// <summary>Called when the handshake has ended, whatever the result.</summary>
    internal void End()
    {
        _isOver = true;
        Rest();
    }

    public override ValueTask<int> ReadAsync(
        Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _isOver
            ? transport.ReadAsync(buffer, cancellationToken)
            : ReadHandshakeAsync(buffer, cancellationToken);

    public override ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        _isOver
            ? transport.WriteAsync(buffer, cancellationToken)
            : WriteHandshakeAsync(buffer, cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) =>
        transport.FlushAsync(cancellationToken);

    public override void Flush() => transport.Flush();

    public override int Read(byte[] buffer, int offset, int count) =>
        transport.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) =>
        transport.Write(buffer, offset, count);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private async ValueTask<int> ReadHandshakeAsync(Memory<byte> buffer, CancellationToken stop)
    {
        Rest();
        int got = await transport.ReadAsync(buffer, stop);
        HasRead |= got > 0;
        await gate.EnterAsync(stop);
        _computes = true;
        return got;
    }

    private async ValueTask WriteHandshakeAsync(
        ReadOnlyMemory<byte> buffer, CancellationToken stop)
    {
        Rest();
        await transport.WriteAsync(buffer, stop);
        await gate.EnterAsync(stop);
        _computes = true;
    }

    private void Rest()
    {
        if (_computes)
        {
            _computes = false;
            gate.Leave();
        }
    }
}

namespace Kopis.Queue.Store.Messages;

/// <summary>One recipient of an envelope.</summary>
/// <param name="Address">The address as given.</param>
/// <param name="Parameters">The parameters of its RCPT in canonical form; empty if there are none.
/// </param>
public readonly record struct EnvelopeRecipient(
    ReadOnlyMemory<byte> Address, ReadOnlyMemory<byte> Parameters);

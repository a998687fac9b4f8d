using Kopis.Base;

namespace Kopis.Mail.Smtp;

/// <summary>A recipient and what it is called where it is delivered: routed once.</summary>
/// <param name="Address">As the envelope has it.</param>
/// <param name="Local">What the local channel calls it, and qmail-local writes into Delivered-To;
/// null for one that is not delivered here, or if that is not known.</param>
/// <param name="IsClear">False if the control files cannot be used.</param>
public readonly record struct RoutedRecipient(
    byte[] Address, byte[]? Local, bool IsClear = true)
{
    /// <summary>Whether it has the form of an address that this host makes of a foreign sender
    /// (SRS): it is taken if it was made here.</summary>
    public bool IsSrs { get; init; }

    /// <summary>Whether it has the form of SRS while the control files cannot be used: its domain
    /// may be ours, and it is to be tried again.</summary>
    public bool MayBeSrs => !IsClear
        && SrsTag.IsSrs(Address.AsSpan(0, Math.Max(0, Address.AsSpan().LastIndexOf((byte)'@'))));
}

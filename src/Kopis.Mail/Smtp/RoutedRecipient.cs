using Kopis.Base;

namespace Kopis.Mail.Smtp;

/// <summary>A recipient with its local address, found once.</summary>
/// <param name="Address">The address in the envelope.</param>
/// <param name="Local">The address in the local channel, which qmail-local writes into
/// Delivered-To. Null if it is not delivered here, or if that is not known.</param>
/// <param name="IsClear">False if the control files cannot be used.</param>
public readonly record struct RoutedRecipient(
    byte[] Address, byte[]? Local, bool IsClear = true)
{
    /// <summary>What routing makes of it, if that has the form of an address that this host makes
    /// of a foreign sender (SRS): it is taken if it was made here. Null for any other.</summary>
    public byte[]? Srs { get; init; }

    /// <summary>Whether it has that form.</summary>
    public bool IsSrs => Srs is not null;

    /// <summary>Whether it has the form of SRS while the control files cannot be used: its domain
    /// may be ours, and it is to be tried again.</summary>
    public bool MayBeSrs => !IsClear && SrsTag.IsSrs(new Address(Address));
}

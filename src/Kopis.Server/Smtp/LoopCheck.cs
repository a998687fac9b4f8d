using Kopis.Mail.Smtp;

namespace Kopis.Server.Smtp;

/// <summary>Finds recipients that already had the message: it has their own Delivered-To line.
/// qmail-local would bounce it later, to a sender that may be forged.</summary>
/// <param name="session">Has the recipients, and the addresses by which they are delivered; without
/// these none is found.</param>
internal sealed class LoopCheck(SmtpSession session)
{
    private byte[]?[]? _lines; // For each recipient; null if it is not delivered here.
    private bool[] _isFound = [];
    private int _found;

    /// <summary>Whether all recipients already had the message.</summary>
    internal bool IsForNobody => _found > 0 && _found == _lines!.Length;

    /// <summary>Compares the address of a Delivered-To line.</summary>
    internal void OnDelivered(ReadOnlySpan<byte> address)
    {
        if (_lines is null)
        {
            _lines = session.LocalRecipients();
            _isFound = new bool[_lines.Length];
        }

        for (int i = 0; i < _lines.Length; i++)
        {
            if (!_isFound[i] && _lines[i] is { } line && address.SequenceEqual(line))
            {
                _isFound[i] = true;
                _found++;
            }
        }
    }

    /// <summary>If other recipients get the message, suppresses reports to an unknown sender about
    /// those that already had it.</summary>
    internal void Silence()
    {
        for (int i = _isFound.Length - 1; i >= 0; i--)
        {
            if (_isFound[i])
            {
                session.Silence(i);
            }
        }
    }
}

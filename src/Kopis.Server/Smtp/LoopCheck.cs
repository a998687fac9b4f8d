using Kopis.Mail.Smtp;

namespace Kopis.Server.Smtp;

/// <summary>
/// Finds recipients who already had the message: it has their own Delivered-To line, for which
/// qmail-local would bounce it later, to a sender that may be forged.
/// </summary>
/// <param name="session">Has the recipients, and their addresses as they are
/// delivered; if these are not known it finds none.</param>
internal sealed class LoopCheck(SmtpSession session)
{
    private byte[]?[]? _lines; // Of each recipient; null of one that is not delivered here.
    private bool[] _isFound = [];
    private int _found;

    /// <summary>Whether all of them already had it.</summary>
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

    /// <summary>If others get the message, suppresses reports to an unknown sender on
    /// those who have had it.</summary>
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

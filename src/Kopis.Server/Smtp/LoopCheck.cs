using Kopis.Mail.Smtp;

namespace Kopis.Server.Smtp;

/// <summary>
/// Finds the recipients of a message who have had it: it has their own Delivered-To line, for which
/// qmail-local would bounce it after we had taken it, to a sender that anybody may have written.
/// </summary>
/// <param name="session">Knows the recipients, and what they are called where they are
/// delivered; where that could not be told nobody is found.</param>
internal sealed class LoopCheck(SmtpSession session)
{
    private byte[]?[]? _lines; // Of each recipient; null of one that is not delivered here.
    private bool[] _isFound = [];
    private int _found;

    /// <summary>Whether all of them have had it.</summary>
    internal bool IsForNobody => _found > 0 && _found == _lines!.Length;

    /// <summary>Looks at the address of a Delivered-To line.</summary>
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

    /// <summary>Where the others get the message, has a sender we do not know hear nothing of
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

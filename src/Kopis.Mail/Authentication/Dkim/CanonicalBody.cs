namespace Kopis.Mail.Authentication.Dkim;

/// <summary>Makes the canonical form of a body (RFC 6376 §3.4.3, §3.4.4), line by line. The pieces
/// of a line may begin and end anywhere.</summary>
/// <param name="form">The canonicalization.</param>
/// <param name="hash">Receives the canonical bytes.</param>
internal sealed class CanonicalBody(CanonicalForm form, BodyHash hash)
{
    private long _emptyLines; // Written only when a line that is not empty follows.
    private bool _hasText;
    private bool _isBlankDue;

    /// <summary>Adds a piece of a line.</summary>
    internal void Text(ReadOnlySpan<byte> text)
    {
        if (form == CanonicalForm.Simple || IsCanonical(text))
        {
            StartText();
            hash.Append(text);
            return;
        }

        while (!text.IsEmpty)
        {
            int blank = text.IndexOfAny((byte)' ', (byte)'\t');
            ReadOnlySpan<byte> word = blank < 0 ? text : text[..blank];
            if (!word.IsEmpty)
            {
                StartText();
                if (_isBlankDue)
                {
                    hash.Append(" "u8);
                    _isBlankDue = false;
                }

                hash.Append(word);
            }

            _isBlankDue |= blank >= 0;
            text = text[(blank < 0 ? text.Length : blank + 1)..];
        }
    }

    /// <summary>Ends a line.</summary>
    internal void LineEnd()
    {
        _isBlankDue = false;
        if (_hasText)
        {
            hash.AppendLineEnd();
            _hasText = false;
        }
        else
        {
            _emptyLines++;
        }
    }

    /// <summary>Ends the body.</summary>
    internal void End()
    {
        if (form == CanonicalForm.Simple && hash.Length == 0)
        {
            hash.AppendLineEnd(); // An empty body is one line end (RFC 6376 §3.4.3).
        }
    }

    /// <summary>Whether a piece is canonical already, whatever follows: it has no run of blanks, no
    /// blanks at its ends, and no blank is due before it.</summary>
    private bool IsCanonical(ReadOnlySpan<byte> text) => !_isBlankDue && !text.IsEmpty
        && text[0] != (byte)' ' && text[^1] != (byte)' ' && !text.Contains((byte)'\t')
        && text.IndexOf("  "u8) < 0;

    private void StartText()
    {
        for (; _emptyLines > 0; _emptyLines--)
        {
            hash.AppendLineEnd();
        }

        _hasText = true;
    }
}

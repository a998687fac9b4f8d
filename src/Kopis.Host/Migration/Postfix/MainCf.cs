using System.Text;

namespace Kopis.Host.Migration.Postfix;

/// <summary>
/// The parameters of a main.cf: <c>name = value</c>, with <c>$name</c>, <c>${name}</c>,
/// <c>$(name)</c>, <c>${name?text}</c> and <c>${name:text}</c> (postconf(5)). Pure.
/// </summary>
internal sealed class MainCf
{
    private const int DepthMax = 20;
    private const int ValueMax = 1024 * 1024;

    // Defaults of Postfix 3 (postconf(5)) for parameters that main.cf does not set.
    private static readonly Dictionary<string, string> Defaults = new(StringComparer.Ordinal)
    {
        ["alias_maps"] = "hash:/etc/aliases",
        ["message_size_limit"] = "10240000",
        ["mydestination"] = "$myhostname, localhost.$mydomain, localhost",
        ["myorigin"] = "$myhostname",
        ["parent_domain_matches_subdomains"] = "relay_domains",
        ["virtual_alias_domains"] = "$virtual_alias_maps",
        ["virtual_mailbox_domains"] = "$virtual_mailbox_maps",
    };

    private readonly Dictionary<string, (string Value, ForeignLine Line)> _set =
        new(StringComparer.Ordinal);

    /// <summary>Reads logical lines; of two lines with one name the last counts.</summary>
    internal MainCf(IEnumerable<ForeignLine> lines, string hostName, SitePlan plan)
    {
        Line = new ForeignLine("main.cf", 1, "");
        foreach (ForeignLine line in lines)
        {
            int equals = line.Text.IndexOf('=');
            string name = equals < 0 ? "" : line.Text[..equals].Trim();
            if (name.Length == 0 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '_'))
            {
                plan.Lose(line, "this line", "not name = value");
                continue;
            }

            _set[name] = (line.Text[(equals + 1)..].Trim(), line);
            Line = line with { Number = 1 };
        }

        Implied("myhostname", hostName);
        string host = Value("myhostname");
        Implied("mydomain", host.Contains('.') ? host[(host.IndexOf('.') + 1)..] : "localdomain");
    }

    /// <summary>The place of the whole file.</summary>
    internal ForeignLine Line { get; }

    /// <summary>The names that are set.</summary>
    internal IEnumerable<string> Names => _set
        .Where(pair => pair.Value.Line.File.Length > 0).OrderBy(pair => pair.Value.Line.Number)
        .Select(pair => pair.Key);

    /// <summary>The place where a parameter is set; that of the file if it is not.</summary>
    internal ForeignLine LineOf(string name) =>
        _set.TryGetValue(name, out (string, ForeignLine Line) set) && set.Line.File.Length > 0
            ? set.Line
            : Line;

    /// <summary>A value with references replaced; empty if it is not set.</summary>
    /// <exception cref="FormatException">The value refers to itself, or has a form that is not
    /// supported.</exception>
    internal string Value(string name) => Expand(Raw(name), 0);

    /// <summary>The words of a list; <c>{ … }</c> is one word.</summary>
    /// <exception cref="FormatException">As above.</exception>
    internal List<string> Words(string name) => Split(Value(name));

    /// <summary>Whether a parameter is set to yes.</summary>
    internal bool IsYes(string name) => Value(name) == "yes";

    /// <summary>Splits at commas and blanks outside of braces.</summary>
    internal static List<string> Split(string value)
    {
        List<string> words = [];
        StringBuilder word = new();
        int depth = 0;
        foreach (char c in value + " ")
        {
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (depth > 0 || (c is not (',' or ' ' or '\t')))
            {
                word.Append(c);
            }
            else if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }

        if (word.Length > 0)
        {
            words.Add(word.ToString().TrimEnd()); // A brace without its end.
        }

        return words;
    }

    private void Implied(string name, string value) =>
        _set.TryAdd(name, (value, new ForeignLine("", 0, "")));

    private string Raw(string name) =>
        _set.TryGetValue(name, out (string Value, ForeignLine) set) ? set.Value
            : Defaults.GetValueOrDefault(name, "");

    private string Expand(string text, int depth)
    {
        if (depth > DepthMax)
        {
            throw new FormatException("it names itself");
        }

        StringBuilder result = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i]);
                continue;
            }

            i++;
            if (text[i] == '$')
            {
                result.Append('$');
            }
            else if (text[i] is '{' or '(')
            {
                int end = EndOf(text, i);
                result.Append(Conditional(text[(i + 1)..end], depth + 1));
                i = end;
            }
            else
            {
                int end = i;
                while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end])
                    || text[end] == '_'))
                {
                    end++;
                }

                result.Append(Expand(Raw(text[i..end]), depth + 1));
                i = end - 1;
            }

            if (result.Length > ValueMax)
            {
                throw new FormatException("it is too long");
            }
        }

        return result.ToString();
    }

    // The value of ${…}.
    private string Conditional(string text, int depth)
    {
        int end = text.AsSpan().IndexOfAny('?', ':');
        string name = end < 0 ? text : text[..end];
        if (name.Length == 0 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c != '_'))
        {
            throw new FormatException("this form of ${...} is not read");
        }

        string value = Expand(Raw(name), depth);
        if (end < 0)
        {
            return value;
        }

        string other = text[(end + 1)..];
        if (other.StartsWith('{'))
        {
            throw new FormatException("this form of ${...} is not read");
        }

        return text[end] == '?'
            ? value.Length > 0 ? Expand(other, depth) : ""
            : value.Length > 0 ? value : Expand(other, depth);
    }

    private static int EndOf(string text, int start)
    {
        (char open, char close) = text[start] == '{' ? ('{', '}') : ('(', ')');
        int depth = 0;
        for (int i = start; i < text.Length; i++)
        {
            depth += text[i] == open ? 1 : text[i] == close ? -1 : 0;
            if (depth == 0)
            {
                return i;
            }
        }

        throw new FormatException("a brace has no end");
    }
}

namespace Kopis.Config;

/// <summary>Reads the control files of a program, or of a part of it, as that program does.
/// </summary>
/// <param name="Program">The program's name, without the section of its page.</param>
/// <param name="Read">Reads; the result is what is wrong and stops nobody. What stops the program
/// is an exception.</param>
public sealed record ControlReader(
    string Program, Func<ControlDirectory, IEnumerable<string>> Read);

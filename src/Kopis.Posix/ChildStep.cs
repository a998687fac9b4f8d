namespace Kopis.Posix;

/// <summary>One system call of a new process, and what has to come of it.</summary>
internal struct ChildStep
{
    /// <summary>Its number; -1 compares C bytes at A and B instead.</summary>
    internal nint Call;

    internal nint A;

    internal nint B;

    internal nint C;

    internal nint D;

    internal nint E;

    internal nint Expected;

    /// <summary>Whether the next follows whatever came of it.</summary>
    internal bool MayFail;
}
